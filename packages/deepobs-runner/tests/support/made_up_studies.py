"""Methods that a test makes up: losses with the same noise around a level that is given."""

import numpy as np

NOISE = np.random.default_rng(0).normal(scale=0.01, size=(12, 40))


def runs_of(method, level, seeds=10, *, first=0, scale=1.0, row=0, problem="p", **fields):
    """Runs of a method whose losses fall from 9 to about `level`; the noise is the row's."""
    return [
        {
            "optimizer": method,
            "testproblem": problem,
            "random_seed": first + seed,
            "losses": [9.0, 5.0, level + scale * NOISE[row, seed]],
            **fields,
        }
        for seed in range(seeds)
    ]


def diverged(run):
    return run | {"losses": [9.0, None], "num_epochs": 2, "status": "diverged"}


def codes(verdict):
    return {reason.code for reason in verdict.reasons}
