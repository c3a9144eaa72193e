"""Optimizers that misbehave, for the tests of sweeps: importable by worker processes."""

import os
import signal
from pathlib import Path

import torch


class FailsOnce(torch.optim.SGD):
    """Raises in its third step, unless it did so before in this folder (`$SWEEP_TEST_FOLDER`)."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, or an error."""
        FailsOnce.steps += 1
        marker = Path(os.environ["SWEEP_TEST_FOLDER"]) / "failed"
        if FailsOnce.steps == 3 and not marker.exists():
            marker.touch()
            raise RuntimeError("out of luck")
        return super().step(closure)


class Fails(torch.optim.SGD):
    """Raises in the second step of every instance, which a trial step does not reach."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, then an error."""
        self.steps += 1
        if self.steps == 2:
            raise RuntimeError("this optimizer is broken")
        return super().step(closure)


class Mistaken(torch.optim.SGD):
    """Has a mistake in its code that only the second step reaches."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, then an error."""
        self.steps += 1
        return super().step(closure) if self.steps == 1 else self.average  # type: ignore[attr-defined]


class KillsOnce(torch.optim.SGD):
    """Kills its own process with SIGKILL in the 30th step, once (`$SWEEP_TEST_FOLDER`)."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, or the end."""
        KillsOnce.steps += 1
        marker = Path(os.environ["SWEEP_TEST_FOLDER"]) / "killed"
        if KillsOnce.steps == 30 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(closure)


class PreemptedOnce(torch.optim.SGD):
    """Gets submitit's signal in its 30th step, once; notes its steps (`$SWEEP_TEST_FOLDER`)."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, or the signal before it."""
        PreemptedOnce.steps += 1
        folder = Path(os.environ["SWEEP_TEST_FOLDER"])
        with (folder / "steps").open("a") as steps:
            steps.write(f"{PreemptedOnce.steps}\n")
        marker = folder / "preempted"
        if PreemptedOnce.steps == 30 and not marker.exists():
            marker.touch()
            signal.raise_signal(signal.SIGUSR2)
        return super().step(closure)


class Tells(torch.optim.SGD):
    """Fails in the second step of every instance with a message that tells private things."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, then an error."""
        self.steps += 1
        if self.steps == 2:
            secret = os.environ.get("DEEPOBS_TEST_SECRET")
            raise RuntimeError(f"{secret} {Path.cwd()} {os.environ['SWEEP_TEST_FOLDER']}")
        return super().step(closure)
