"""What a command imports: each module costs every run its time."""

import json
import subprocess
import sys
from pathlib import Path

# What reads and draws results, and what only some data sets need.
_NEEDLESS = ("pandas", "pyarrow", "matplotlib", "scipy", "torchvision", "PIL", "rich")


def imported_by(script: str, *arguments: str) -> set[str]:
    """Returns the modules that a script has imported at its end."""
    script += "\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-c", script, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.splitlines()[-1]))


def test_a_run_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Neither pandas for reading results, nor torchvision, nor what draws figures."""
    script = (
        "import sys\nfrom deepobs.runner.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n    assert end.code == 0"
    )
    run = ("run", "digits_logreg", "SGD", "--lr", "0.1", "--epochs", "1")
    imported = imported_by(script, *run, "--results", str(tmp_path))
    assert list(tmp_path.rglob("*.json"))
    optimizer = "import torch\ntorch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)"
    assert not {*_NEEDLESS} & (imported - imported_by(optimizer))
