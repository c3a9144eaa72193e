"""Sweeps and searches with an optimizer that is defined in a cell of an executed notebook."""

import json

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

DEFINITION = """
import torch
from deepobs.runner import sweep, tune

class Mine(torch.optim.SGD):
    \"\"\"Half of SGD.\"\"\"

    def step(self, closure=None):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad *= 0.5
        return super().step(closure)
"""
SWEEP = """
plan = {"problems": ["digits_logreg"], "optimizers": [Mine], "lr": [0.1, 0.2], "epochs": 1}
result = sweep(plan, results=RESULTS, workers=WORKERS, device="cpu", progress="off")
print([(run.status, run.message) for run in result.runs])
"""
TUNE = """
found = tune("digits_logreg", Mine, results=RESULTS, space=["lr=choice:0.1,0.2"], trials=2,
             repeat=1, epochs=1, workers=WORKERS, device="cpu", progress="off")
print(found.best is not None, [(trial.status, trial.message) for trial in found.trials])
"""


# The client's sockets need an event loop of another kind on some platforms.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("workers", [0, 2])
def test_an_optimizer_of_a_cell_is_swept_and_tuned(tmp_path, workers):
    """In this process, or in workers that get the class by value."""
    settings = f"RESULTS, WORKERS = {json.dumps(str(tmp_path / 'results'))}, {workers}"
    cells = [nbformat.v4.new_code_cell(text) for text in (settings, DEFINITION, SWEEP, TUNE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=str(tmp_path))
    *_, swept, tuned = ("".join(o.get("text", "") for o in cell.outputs) for cell in cells)
    assert "[('finished', None), ('finished', None)]" in swept
    assert "True [('finished', None), ('finished', None)]" in tuned
