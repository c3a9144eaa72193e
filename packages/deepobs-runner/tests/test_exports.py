"""What `deepobs.runner` gives."""

import subprocess
import sys

import deepobs.runner


def test_importing_the_package_imports_no_torch_and_no_pandas():
    """Nor do its errors: a script that only reads results starts at once."""
    script = (
        "import sys, deepobs.runner\n"
        "from deepobs.runner import OptimizerError, ResultsError, UsageError\n"
        "print([m for m in ('torch', 'pandas', 'numpy', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_every_exported_name_is_there():
    """As the class or function of that name, or a table in capitals."""
    for name in deepobs.runner.__all__:
        value = getattr(deepobs.runner, name)
        assert len(value) > 0 if name.isupper() else value.__name__ == name
