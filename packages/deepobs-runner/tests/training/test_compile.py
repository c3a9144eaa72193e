"""What `compile` accepts."""

import pytest

from deepobs.runner import UsageError, run


@pytest.mark.parametrize(
    ("optimizer", "settings", "words"),
    [
        (
            "SGD",
            {"compile": "reduce_overhead"},
            "one of off, default, reduce-overhead, not 'reduce_overhead'",
        ),
        (
            "SGD",
            {"compile": "reduce-overhead", "gradient_accumulation_steps": 2},
            "one CUDA graph, so it needs gradient_accumulation_steps=1",
        ),
        ("AdaHessian", {"compile": True}, "which torch.compile does not support"),
    ],
)
def test_what_cannot_be_compiled_is_refused(optimizer, settings, words):
    """By one sentence, before anything is trained."""
    with pytest.raises(UsageError, match=words):
        run("digits_mlp", optimizer, epochs=1, device="cpu", progress="off", **settings)
