"""Mixed precision, and the precision of the caller."""

from functools import partial

import pytest
import torch

from deepobs.runner import run

quiet = partial(run, progress="off", device="cpu")


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.02), ("fp16", 0.005)])
def test_low_precision_follows_full_precision(precision, tolerance):
    """bf16 has 8 bits of mantissa, fp16 has 11: relative errors of 2^-8 and 2^-11 a product."""
    full = quiet("digits_mlp", "SGD", lr=0.1, epochs=2)
    low = quiet("digits_mlp", "SGD", lr=0.1, epochs=2, precision=precision)
    assert low.test_losses == pytest.approx(full.test_losses, rel=tolerance)
    assert low.test_losses != full.test_losses


def test_precision_and_determinism_are_put_back():
    """torch's global switches are the caller's again after the run."""
    torch.set_float32_matmul_precision("medium")
    try:
        quiet("quadratic_deep", "SGD", lr=0.01, epochs=1, precision="tf32", deterministic=True)
        assert torch.get_float32_matmul_precision() == "medium"
        assert not torch.are_deterministic_algorithms_enabled()
    finally:
        torch.set_float32_matmul_precision("highest")
