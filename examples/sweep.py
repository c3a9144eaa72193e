"""Run a grid of problems, optimizers, learning rates and seeds on two worker processes.

A sweep can be interrupted at any time. Repeat the call to do the remaining runs.
"""

from deepobs.runner import load_records, sweep

PLAN = {
    "problems": ["digits_logreg", "digits_mlp"],
    "optimizers": [
        {"name": "SGD", "lr": [0.01, 0.1], "hyperparameters": {"momentum": 0.9}},
        {"name": "Adam", "lr": [1e-3, 1e-2]},
    ],
    "seeds": {"range": [42, 43]},
    "epochs": 1,
}

if __name__ == "__main__":  # worker processes import this file
    result = sweep(PLAN, results="results", workers=2, progress="off")
    print(result.count("finished"), "runs finished,", len(result.failed), "failed")
    runs = load_records("results")
    final = runs[runs["epoch"] == 1]
    print(final.pivot_table("test_loss", ["problem", "optimizer"], "learning_rate").round(3))
