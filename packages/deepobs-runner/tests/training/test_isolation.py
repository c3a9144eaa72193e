"""A run neither depends on nor changes the process it runs in."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.problems import build
from deepobs.runner import RunConfig, run


class Noisy(torch.optim.SGD):
    """Draws from torch's global stream at every step."""

    @torch.no_grad()
    def step(self, closure=None):
        super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                p.add_(1e-3 * torch.randn_like(p))


def losses(seed=42, optimizer="SGD", precision="fp32"):
    options = {"seed": seed, "precision": precision, "device": "cpu", "progress": "off"}
    record = run("digits_mlp", optimizer, lr=0.1, epochs=1, **options)
    return record.minibatch_train_losses, record.test_losses


def default_dtype():
    torch.set_default_dtype(torch.float64)
    return torch.get_default_dtype, lambda: torch.set_default_dtype(torch.float32)


def default_device():
    torch.set_default_device("meta")
    return torch.get_default_device, lambda: torch.set_default_device(None)


def grad_mode():
    torch.set_grad_enabled(False)
    return torch.is_grad_enabled, lambda: torch.set_grad_enabled(True)


def matmul_precision():
    torch.set_float32_matmul_precision("medium")
    return torch.get_float32_matmul_precision, lambda: torch.set_float32_matmul_precision("highest")


def fp32_precision():
    backends: Any = torch.backends  # its attributes are created at import
    backends.mkldnn.matmul.fp32_precision = "bf16"

    def reset():
        backends.mkldnn.matmul.fp32_precision = "none"

    return (lambda: backends.mkldnn.matmul.fp32_precision), reset


def deterministic_algorithms():
    torch.use_deterministic_algorithms(True, warn_only=True)
    read = torch.is_deterministic_algorithms_warn_only_enabled
    return read, lambda: torch.use_deterministic_algorithms(False)


def numpy_errors():
    outer = np.seterr(all="raise")
    return np.geterr, lambda: np.seterr(**outer)


SETTINGS = [
    default_dtype,
    default_device,
    grad_mode,
    matmul_precision,
    fp32_precision,
    deterministic_algorithms,
    numpy_errors,
]


@pytest.mark.parametrize("change", SETTINGS, ids=lambda change: change.__name__)
def test_a_setting_of_the_process_changes_no_number_and_is_kept(change):
    """The run's numbers are those of a new process; afterwards the caller's setting holds."""
    expected = losses()
    read, reset = change()
    try:
        before = read()
        assert losses() == expected
        assert read() == before
    finally:
        reset()


@pytest.mark.parametrize(
    "context",
    [torch.no_grad, torch.inference_mode, lambda: torch.autocast("cpu", torch.bfloat16)],
    ids=["no_grad", "inference_mode", "autocast"],
)
def test_a_surrounding_context_changes_no_number(context):
    """As when `run` is called from somebody's evaluation code."""
    expected = losses()
    with context():
        assert losses() == expected


@pytest.mark.parametrize("surrounding", [False, True], ids=["alone", "within autocast"])
def test_mixed_precision_uses_the_weights_of_each_step(surrounding):
    """As a loop by hand does; autocast's cache would keep those of the first step."""
    built = build("digits_mlp", seed=42)
    optimizer = torch.optim.SGD(built.model.parameters(), lr=0.1)
    expected = []
    for batch in built.batches("train"):
        with torch.autocast("cpu", torch.bfloat16):
            loss = built.objective(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    with torch.autocast("cpu", torch.bfloat16, enabled=surrounding):
        found, _ = losses(precision="bf16")
    assert found == expected[::10]


def test_runs_in_threads_equal_runs_one_after_the_other():
    """As with Optuna's n_jobs or a thread pool: they share the process's random streams."""
    alone = [losses(seed, Noisy) for seed in (1, 2, 3)]
    before = torch.get_rng_state()

    def check(name):  # takes trial steps, which draw random numbers too
        return RunConfig(problem="digits_mlp", optimizer=name, lr=0.1)

    with ThreadPoolExecutor(4) as pool:
        checks = pool.map(check, ["Adagrad", "Adamax", "ASGD", "NAdam", "RAdam", "Rprop"])
        together = list(pool.map(lambda seed: losses(seed, Noisy), (1, 2, 3)))
    assert len(list(checks)) == 6
    assert together == alone
    assert torch.equal(before, torch.get_rng_state())
