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
    """Norms, sums and entries; an entry near zero is held to a part of the root mean square.

    A sum may cancel to nothing, so its error is a part of the norm; it is one of entries, and held
    like them.
    """
    for gradient, golden in zip(actual, expected, strict=True):
        name, l2 = f"{what}: gradient of {golden['name']}", golden["l2"]
        rms = l2 / math.sqrt(gradient.numel())
        gradient = gradient.double()
        check(f"{name}, norm", gradient.norm(), l2, tolerance)
        check(f"{name}, sum", gradient.sum(), golden["sum"], entry_tolerance, scale=l2)
        entries = gradient.flatten()[golden["idx"]]
        check(f"{name}, entries", entries, golden["values"], entry_tolerance, scale=rms)


def check_logits(what, output, golden, tolerance):
    """Logits within a part of their standard deviation."""
    expected = torch.tensor(golden.get("full") or golden["first10"]).flatten(0, -2)
    columns = output.reshape(expected.shape[0], -1)[:, : expected.shape[1]]
    check(what, columns, expected, tolerance, scale=golden["std"])
