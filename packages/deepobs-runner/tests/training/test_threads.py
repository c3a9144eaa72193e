"""The number of threads of a run."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from deepobs.problems import build
from deepobs.runner import UsageError, run
from deepobs.runner.training._threads import is_small


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """The process has three threads, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def threads_of(problem: str, **arguments: Any) -> int:
    """Returns the number of threads that the record of a short run states."""
    record = run(problem, "SGD", lr=0.01, epochs=1, progress="off", **arguments)
    assert torch.get_num_threads() == 3  # the caller's are restored
    return int(record.environment["threads"])


def test_a_small_problem_takes_one_thread() -> None:
    """The record states it."""
    assert threads_of("digits_mlp") == 1


def test_a_large_batch_takes_the_threads_of_the_process() -> None:
    """6,570 weights times 400 examples are more than two million."""
    assert threads_of("digits_mlp", batch_size=400) == 3


def test_the_number_can_be_given() -> None:
    """For a small problem, too."""
    assert threads_of("digits_mlp", threads=2) == 2


@pytest.mark.parametrize("threads", [0, -1, 1.5])
def test_a_wrong_number_is_refused(threads: float) -> None:
    """By a sentence that names it."""
    with pytest.raises(UsageError, match=f"threads must be .* not {threads}"):
        threads_of("digits_mlp", threads=threads)


@pytest.mark.parametrize(
    ("problem", "small"),
    [("digits_logreg", True), ("quadratic_deep", True), ("pinn_convection", False)],
)
def test_what_is_small(problem: str, small: bool) -> None:
    """By weights times examples: a small network on many points is not small."""
    assert is_small(build(problem)) == small
