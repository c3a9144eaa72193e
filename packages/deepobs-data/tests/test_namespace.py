"""DeepOBS 1.x, found where this package is found, is named as what to uninstall."""

import subprocess
import sys
from pathlib import Path

import deepobs.data


def test_an_old_deepobs_is_named(tmp_path: Path) -> None:
    """The import ends with one sentence."""
    old = tmp_path / "deepobs/__init__.py"
    old.parent.mkdir()
    folder = str(Path(deepobs.data.__file__).parents[1])
    old.write_text(f"__path__.append({folder!r})\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import deepobs.data"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: {old} belongs to DeepOBS 1.x, which hides deepobs-data:"
        " run `pip uninstall deepobs`."
    )
