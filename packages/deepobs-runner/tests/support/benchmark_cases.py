"""A small benchmark for the tests of benchmarks and bundles."""

from pathlib import Path
from typing import Any

from deepobs.runner import PROTOCOLS, benchmark

#: Two trials and ten seeds at a fifth of the length: as short as a protocol of the table gets.
PROTOCOL = PROTOCOLS["demo"].changed(budget=2)


def run_benchmark(results: Path, **options: Any) -> Any:
    """Benchmarks a user's optimizer and SGD on digits_logreg, in this process."""
    defaults: dict[str, Any] = {
        "against": "SGD",
        "problems": "digits_logreg",
        "protocol": PROTOCOL,
        "space": ["lr=log:1e-4:1e-1"],
        "workers": 0,
        "device": "cpu",
        "progress": "off",
    }
    return benchmark("users_sign.SignSGD", results=results, **{**defaults, **options})


def run_killed(results: Path) -> Any:
    """Benchmarks an optimizer that kills its process once, by `$SWEEP_TEST_FOLDER`, in trial 2."""
    optimizer = "sweep_optimizers.KillsOnce"
    protocol = PROTOCOLS["demo"].changed(budget=2, lengths=[0.02])  # one epoch, 17 steps
    return benchmark(
        optimizer,
        problems="digits_logreg",
        protocol=protocol,
        space=["lr=log:1e-4:1e-1"],
        results=results,
        workers=0,
        device="cpu",
        progress="off",
    )
