"""Comparisons with golden numbers; tolerances are relative."""

import math

import torch


def check(what, actual, expected, tolerance, scale=0.0):
    """Numbers agree within a part of their size or of `scale`, whichever is larger."""
    actual = torch.as_tensor(actual, dtype=torch.float64).detach()
    expected = torch.as_tensor(expected, dtype=torch.float64)
    assert actual.shape == expected.shape, what
    allowed = tolerance * expected.abs().clamp(min=scale)
    assert ((actual - expected).abs() <= allowed).all(), (
        f"{what}: {actual.tolist()} is not {expected.tolist()}"
    )


def check_gradients(what, actual, expected, tolerance, entry_tolerance):
    """Norms and entries; an entry near zero is held to a part of the root mean square."""
    for gradient, golden in zip(actual, expected, strict=True):
        name, l2 = f"{what}: gradient of {golden['name']}", golden["l2"]
        rms = l2 / math.sqrt(gradient.numel())
        # In float64: a float32 norm of ten million values in TensorFlow's order is 1e-3 off.
        check(f"{name}, norm", gradient.double().norm(), l2, tolerance)
        entries = gradient.flatten()[golden["idx"]]
        check(f"{name}, entries", entries, golden["values"], entry_tolerance, scale=rms)


def check_logits(what, output, golden, tolerance):
    """Logits within a part of their standard deviation."""
    expected = torch.tensor(golden.get("full") or golden["first10"]).flatten(0, -2)
    columns = output.reshape(expected.shape[0], -1)[:, : expected.shape[1]]
    check(what, columns, expected, tolerance, scale=golden["std"])
