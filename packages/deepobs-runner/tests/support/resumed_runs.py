"""Runs in processes of their own, which are killed or stopped and go on."""

import os
import signal

import run_workers as workers
import torch


class Runs:
    """Starts runs in processes of their own, and looks at what they leave."""

    def __init__(self, folder, until, measured):
        self.folder, self.until, self.measured = folder, until, measured
        self.sign = folder / "waits"
        self.data_root = None  # of the embedded data sets

    def start(self, name, optimizer="Adam", resume=True, wait_in=None, **changes):
        """A process that does a run; it waits in its step number `wait_in`."""
        arguments = (optimizer, self.folder / name, self.folder / f"{name}.pt", changes)
        execution = {"checkpoint_every": 0, "resume": resume, "device": "cpu"}
        execution["data_root"] = self.data_root
        process = workers.PROCESSES.Process(
            target=workers.train,
            args=arguments,
            kwargs={"wait": wait_in and (wait_in, self.sign), **execution},
        )
        process.start()
        return process

    def finish(self, name, optimizer="Adam", resume=True, **changes):
        """Does a run, or the rest of it, and returns its outcome."""
        process = self.start(name, optimizer, resume, **changes)
        process.join(300)
        assert process.exitcode == 0
        return self.outcome(name)

    def steps(self, name):
        """Steps of the last checkpoint; 0 where there is none."""
        found = [int(path.stem[-12:]) for path in (self.folder / name).rglob("checkpoint_*.pt")]
        return max(found, default=0)

    def kill(self, name, at, of, **changes):
        """Starts a run of `of` steps, or goes on, and kills it once it has saved `at` or more."""
        process = self.start(name, wait_in=of - self.steps(name), **changes)
        self.until(lambda: self.steps(name) >= at or not process.is_alive())
        process.kill()
        process.join(300)
        assert process.exitcode == -signal.SIGKILL

    def stop(self, process, number):
        """Sends a signal to a run that waits in a step."""
        self.until(lambda: self.sign.exists() or not process.is_alive())
        os.kill(process.pid, number)
        self.sign.unlink()
        process.join(300)
        assert process.exitcode == 128 + number

    def peak_bytes(self, name):
        """The most memory that the process which ended a run has had."""
        return int((self.folder / f"{name}.peak").read_text())

    def outcome(self, name):
        """The record and the weights of a run that ended."""
        (record,) = (self.folder / name).rglob("random_seed__*.json")
        return self.measured(record), torch.load(self.folder / f"{name}.pt", weights_only=True)


def same(one, other):
    """Whether records and weights are equal, bit for bit."""
    weights = [outcome[1] for outcome in (one, other)]
    return one[0] == other[0] and all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])


def num_steps(outcome):
    """Steps of a whole run."""
    return outcome[0]["num_steps"] * outcome[0]["num_epochs"]
