"""The entry point of the `deepobs` command, outside the namespace that DeepOBS 1.x would hide."""

import sys
from importlib.util import find_spec


def main() -> None:
    """Runs the command, or says in one sentence that DeepOBS 1.x is in its way.

    The `deepobs/__init__.py` of DeepOBS 1.x is found, not imported: it fails where seaborn,
    tikzplotlib or TensorFlow is missing.
    """
    namespace = find_spec("deepobs")
    if namespace is not None and namespace.origin is not None:
        sys.exit(
            f"Error: {namespace.origin} belongs to DeepOBS 1.x, which hides this version:"
            " run `pip uninstall deepobs`."
        )
    from deepobs.runner.cli import main as run_command

    run_command()
