"""The README says what is true."""

import re
from pathlib import Path

import pytest
import torch

from deepobs import models

ROWS = re.findall(
    r"^\| `([^`]+)` .* \| ([\d,]+) \|$",
    (Path(__file__).parents[1] / "README.md").read_text(),
    flags=re.MULTILINE,
)


def test_the_table_is_found():
    """Twelve architectures have a number of parameters."""
    assert len(ROWS) == 12


@pytest.mark.parametrize(("call", "number"), ROWS, ids=[call for call, _ in ROWS])
def test_numbers_of_parameters(call, number):
    """The table's number is the constructed network's, frozen parameters left out."""
    with torch.device("meta"):  # counts without drawing weights
        model = eval(call, vars(models))
    assert f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,}" == number
