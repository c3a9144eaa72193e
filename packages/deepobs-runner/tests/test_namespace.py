"""DeepOBS 1.x in the environment is named as what to uninstall, by the package and the command."""

import subprocess
import sys
from pathlib import Path

import pytest

import deepobs.runner

PACKAGE = "import deepobs.runner"
COMMAND = "from deepobs_command import main; main()"


def run_beside_old(tmp_path: Path, code: str, init: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process that finds a `deepobs/__init__.py` before the namespace."""
    old = tmp_path / "deepobs/__init__.py"
    old.parent.mkdir()
    old.write_text(init)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_package_names_an_old_deepobs(tmp_path: Path) -> None:
    """The import ends with one sentence."""
    folder = str(Path(deepobs.runner.__file__).parents[1])
    result = run_beside_old(tmp_path, PACKAGE, f"__path__.append({folder!r})\n")
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: {tmp_path}/deepobs/__init__.py belongs to DeepOBS 1.x, which hides"
        " deepobs-runner: run `pip uninstall deepobs`."
    )


@pytest.mark.parametrize("init", ["", "import seaborn_that_is_not_installed"])
def test_the_command_names_an_old_deepobs(tmp_path: Path, init: str) -> None:
    """The command says one sentence, whether or not DeepOBS 1.x can be imported."""
    result = run_beside_old(tmp_path, COMMAND, init)
    assert result.returncode == 1
    assert result.stderr == (
        f"Error: {tmp_path}/deepobs/__init__.py belongs to DeepOBS 1.x, which hides this version:"
        " run `pip uninstall deepobs`.\n"
    )


def test_the_command_runs_without_an_old_deepobs() -> None:
    """The entry point hands over to the command line."""
    code = f"import sys; sys.argv[1:] = ['--version']; {COMMAND}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout[:16]) == (0, "deepobs, version")
