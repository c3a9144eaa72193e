"""DeepOBS 1.x, found where this package is found, is named as what to uninstall."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import deepobs.models

# What the `deepobs/__init__.py` of each old version imports first.
FIRST_IMPORTS = {
    "nothing": "",
    "1.1": "from . import tensorflow",
    "1.2": "from .version import __version__",
}


@pytest.mark.parametrize("first", FIRST_IMPORTS.values(), ids=FIRST_IMPORTS)
def test_an_old_deepobs_is_named(tmp_path: Path, first: str) -> None:
    """The import ends with one sentence, before DeepOBS 1.x can fail for reasons of its own."""
    old = tmp_path / "deepobs/__init__.py"
    old.parent.mkdir()
    folder = str(Path(deepobs.models.__file__).parents[1])
    old.write_text(f"__path__.append({folder!r})\n{first}\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import deepobs.models"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: {old} belongs to DeepOBS 1.x, which hides deepobs-models:"
        " run `pip uninstall deepobs`."
    )


def test_the_module_of_deepobs_1_is_gone() -> None:
    """`deepobs.tensorflow`, kept for its name alone, says where its contents went."""
    with pytest.raises(ImportError, match=r"use deepobs\.problems and deepobs\.runner"):
        importlib.import_module("deepobs.tensorflow")
