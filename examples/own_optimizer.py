"""Compare an optimizer of your own with Adam, over three seeds.

Any subclass of `torch.optim.Optimizer` can be passed as it is. The report's first sentence says
what can be concluded.
"""

import torch

from deepobs.runner import load_records, run, write_report


class SignSGD(torch.optim.Optimizer):
    """Moves every weight by the learning rate, against the sign of its gradient."""

    def __init__(self, params, lr=1e-3):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        """Takes a step."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.sub_(group["lr"] * parameter.grad.sign())


for seed in (42, 43, 44):
    run("digits_mlp", SignSGD, lr=1e-3, epochs=3, seed=seed, results="results")
    run("digits_mlp", "Adam", lr=3e-3, epochs=3, seed=seed, results="results")

runs = load_records("results")
final = runs[runs["epoch"] == 3]
print(final.groupby("optimizer")["test_accuracy"].agg(["mean", "std"]).round(4))
print("Report:", write_report("results", "report.html"))
