"""Losses against the formulas, written out."""

import math

import pytest
import torch

from deepobs.data import Batch
from deepobs.models import InceptionOutput, VAEOutput
from deepobs.problems import (
    InceptionCrossEntropy,
    OutputIsLoss,
    SequenceCrossEntropy,
    VAELoss,
    labels,
    top1,
)


def test_sequence_cross_entropy_averages_over_time() -> None:
    """A sequence's loss is the mean over its steps of -log softmax at the target."""
    logits = torch.tensor([[[0.0, 0.0], [math.log(3.0), 0.0]]])
    losses = SequenceCrossEntropy("none")(logits, torch.tensor([[0, 1]]))
    expected = (math.log(2) + math.log(4)) / 2
    torch.testing.assert_close(losses, torch.tensor([expected]))


def test_vae_loss_sums_squared_error_and_divergence() -> None:
    """Two pixels off by 1 and 2, one latent number with mean 1 and log std 0.5."""
    output = VAEOutput(
        torch.tensor([1.0, 2.0]).view(1, 1, 1, 2), torch.tensor([[1.0]]), torch.tensor([[0.5]])
    )
    expected = 1 + 4 - 0.5 * (1 + 2 * 0.5 - 1 - math.exp(1.0))
    losses = VAELoss("none")(output, torch.zeros(1, 1, 1, 2))
    torch.testing.assert_close(losses, torch.tensor([expected]))


def test_inception_loss_smooths_labels_and_adds_the_auxiliary_head() -> None:
    """Targets are 0.9 at the label plus 0.1 / K everywhere; the second head counts 0.4."""
    main, auxiliary = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 3, 4])
    smooth = 0.9 * torch.nn.functional.one_hot(targets, 5) + 0.1 / 5

    def by_hand(logits: torch.Tensor) -> torch.Tensor:
        return -(smooth * logits.log_softmax(1)).sum(1)

    loss = InceptionCrossEntropy("none")
    torch.testing.assert_close(loss(main, targets), by_hand(main))
    both = loss(InceptionOutput(main, auxiliary), targets)
    torch.testing.assert_close(both, by_hand(main) + 0.4 * by_hand(auxiliary))


@pytest.mark.parametrize("loss", [SequenceCrossEntropy, OutputIsLoss])
def test_mean_is_the_mean(loss: type) -> None:
    """Reduction "mean" gives the mean of what "none" gives."""
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(4, 6, 3, generator=generator)
    target = torch.randint(0, 3, (4, 6), generator=generator)
    torch.testing.assert_close(loss("mean")(output, target), loss("none")(output, target).mean())


def test_top1_compares_the_largest_logit_with_the_label() -> None:
    """One right, one wrong."""
    batch = Batch(torch.zeros(2, 1), torch.tensor([1, 0]))
    assert top1(torch.tensor([[0.0, 1.0], [0.0, 1.0]]), batch).tolist() == [True, False]


def test_labels_says_what_to_do_without_labels() -> None:
    """A data set without labels needs another target."""
    with pytest.raises(ValueError, match="target=inputs"):
        labels(Batch(torch.zeros(2, 1), None))
