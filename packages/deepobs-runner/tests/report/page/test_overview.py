"""The parts of the page that are about all problems together."""

import math

import pytest

from deepobs.runner.report.page._overview import _peak_memory


@pytest.mark.parametrize(
    ("size", "memory_of", "text"),
    [
        (5e6, "process", "4.77 MiB (whole process)"),
        (5e6, "tensors", "4.77 MiB"),
        (math.nan, "process", "–"),
    ],
)
def test_peak_memory_says_what_it_is_of(size, memory_of, text):
    """A process's peak is no run's: the table says so."""
    assert _peak_memory({"peak_memory_bytes": size, "memory_of": memory_of}) == text
