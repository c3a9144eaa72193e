"""molpcba_gnn: its loss, and a metric that takes all examples at once."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from deepobs.data.testing import write_stand_in
from deepobs.problems import build, get_problem
from deepobs.problems._molecules import KnownCrossEntropy
from deepobs.problems._ranking import mean_average_precision


@pytest.fixture(scope="module")
def molecules(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a stand-in of the molecules, nine of which are for testing."""
    root = tmp_path_factory.mktemp("molecules")
    return str(write_stand_in("ogbg_molpcba", root, num_train=12, num_test=9))


def by_hand(scores: list[float], labels: list[float]) -> float:
    """Average precision of one task, threshold by threshold, as scikit-learn defines it."""
    known = [(s, y) for s, y in zip(scores, labels, strict=True) if not math.isnan(y)]
    positives, total, recall = sum(y for _, y in known), 0.0, 0.0
    for threshold in sorted({s for s, _ in known}, reverse=True):
        above = [y for s, y in known if s >= threshold]
        total += (sum(above) / positives - recall) * sum(above) / len(above)
        recall = sum(above) / positives
    return total


def test_mean_average_precision_equals_its_definition() -> None:
    """Over random tasks with ties and gaps; tasks of one kind of label do not count."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(0, 12, (50, 6), generator=generator) / 4
    labels = torch.randint(0, 2, (50, 6), generator=generator).double()
    labels[torch.rand(50, 6, generator=generator) < 0.3] = math.nan
    labels[:, 4], labels[:, 5] = 1, math.nan
    expected = [by_hand(scores[:, k].tolist(), labels[:, k].tolist()) for k in range(4)]
    assert mean_average_precision(scores, labels) == pytest.approx(sum(expected) / 4, rel=1e-12)
    assert math.isnan(mean_average_precision(scores[:, 4:], labels[:, 4:]))


def test_mean_average_precision_of_known_rankings() -> None:
    """The example in scikit-learn's documentation has 0.8333; a perfect ranking has 1."""
    labels = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    scores = torch.tensor([[0.1], [0.4], [0.35], [0.8]])
    assert mean_average_precision(scores, labels) == pytest.approx(5 / 6)
    assert mean_average_precision(labels, labels) == 1


def test_unknown_targets_count_for_nothing() -> None:
    """The loss is their sum divided by all tasks, and the gradient of the others is zero."""
    logits = torch.tensor([[0.3, -2.0, 5.0], [1.0, 0.0, -1.0]], requires_grad=True)
    targets = torch.tensor([[1.0, math.nan, 0.0], [math.nan] * 3])
    losses = KnownCrossEntropy(reduction="none")(logits, targets)
    expected = (math.log1p(math.exp(-0.3)) + math.log1p(math.exp(5.0))) / 3
    assert losses.tolist() == pytest.approx([expected, 0.0])
    losses.sum().backward()
    assert logits.grad is not None
    assert logits.grad[0, 1] == 0
    assert not logits.grad[1].any()
    assert logits.grad.isfinite().all()


def test_the_metric_of_a_phase_does_not_depend_on_batches_or_processes(molecules: str) -> None:
    """Batches of other sizes, and two processes, give the number of all examples at once."""
    built = build("molpcba_gnn", data_root=molecules, batch_size=9)
    (batch,) = built.batches("test")
    built.model.eval()
    with torch.no_grad():
        exact = mean_average_precision(built.output(batch), batch.targets)
    built.model.train()
    whole = built.evaluate("test").values["mean_average_precision"]
    small = build("molpcba_gnn", data_root=molecules, batch_size=4)
    assert whole == exact
    assert small.evaluate("test").values["mean_average_precision"] == pytest.approx(exact, rel=1e-6)
    parts: dict[int, list[Tensor]] = {0: [], 1: []}
    for rank in (0, 1):

        def keep(tensor: Tensor, rank: int = rank) -> Tensor:
            parts[rank].append(tensor)
            return tensor

        small.evaluate("test", shard=(rank, 2), reduce=keep)
    outputs, targets = (parts[0][1] + parts[1][1]).unbind(1)
    assert mean_average_precision(outputs, targets) == pytest.approx(exact, rel=1e-6)


def test_a_part_of_a_phase_is_collected(molecules: str) -> None:
    """With a limit on the batches of an evaluation."""
    problem = replace(get_problem("molpcba_gnn"), evaluation_batches=1)
    built = build(problem, data_root=molecules, batch_size=4)
    batch = next(built.batches("test"))
    built.model.eval()
    with torch.no_grad():
        expected = mean_average_precision(built.output(batch), batch.targets)
    assert built.evaluate("test").values["mean_average_precision"] == expected


def test_more_processes_than_examples_are_refused(molecules: str) -> None:
    """In one sentence, on all of them."""
    built = build("molpcba_gnn", data_root=molecules, batch_size=16)
    with pytest.raises(ValueError, match="cannot be evaluated by 16 processes on 9 examples"):
        built.evaluate("test", shard=(0, 16))


def test_edges_are_taken_in_both_directions(molecules: str) -> None:
    """Swapping the two nodes of every edge changes nothing."""
    built = build("molpcba_gnn", data_root=molecules, batch_size=4)
    built.model.eval()
    graphs = next(built.batches("test")).inputs
    with torch.no_grad():
        swapped = graphs._replace(links=graphs.links.flip(-1))
        torch.testing.assert_close(built.model(swapped), built.model(graphs))


def test_the_loss_of_a_batch_is_the_mean_of_its_parts(molecules: str) -> None:
    """So that gradients can be accumulated; without dropout, which draws other masks."""
    built = build("molpcba_gnn", data_root=molecules, batch_size=8)
    built.model.eval()
    batch = next(built.batches("train"))
    parts = [built.objective(part) for part in batch.chunk(4)]
    torch.testing.assert_close(torch.stack(parts).mean(), built.objective(batch))
