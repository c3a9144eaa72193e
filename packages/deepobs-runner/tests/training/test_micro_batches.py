"""Gradient accumulation: a batch in several parts."""

from functools import partial

import pytest

from deepobs.runner import UsageError, run

quiet = partial(run, progress="off", device="cpu")


def test_gradient_accumulation_gives_the_whole_batch():
    """2 x 64 = 128, but for the order of float32 sums."""
    whole = quiet("digits_mlp", "SGD", lr=0.1, epochs=2, batch_size=128)
    parts = quiet(
        "digits_mlp", "SGD", lr=0.1, epochs=2, batch_size=128, gradient_accumulation_steps=2
    )
    assert parts.minibatch_train_losses == pytest.approx(whole.minibatch_train_losses, rel=1e-5)
    assert parts.test_losses == pytest.approx(whole.test_losses, rel=1e-5)
    assert parts.num_steps == whole.num_steps


@pytest.mark.parametrize(
    ("problem", "batch_size"), [("shakespeare_gpt_small", 8), ("cartpole_ppo_small", 64)]
)
def test_micro_batches_of_nested_batches_give_the_whole_batch(problem, batch_size):
    """Trees of tensors are split by their examples; losses are means, up to rounding."""
    options = {"lr": 1e-3, "epochs": 1, "batch_size": batch_size}
    whole = quiet(problem, "SGD", **options)
    parts = quiet(problem, "SGD", gradient_accumulation_steps=2, **options)
    assert parts.minibatch_train_losses == pytest.approx(whole.minibatch_train_losses, rel=1e-3)


@pytest.mark.parametrize("problem", ["cora_gcn", "pinn_convection_small"])
def test_micro_batches_of_one_indivisible_batch_are_refused(problem):
    """A graph or a set of points has no examples to split; one sentence says so."""
    with pytest.raises(UsageError, match="trains on one batch that cannot be split"):
        quiet(problem, "SGD", lr=1e-3, epochs=1, gradient_accumulation_steps=2)
