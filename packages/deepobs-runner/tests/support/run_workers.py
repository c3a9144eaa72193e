"""What the other processes of the runner's tests do: importable, so that they find it."""

import contextlib
import itertools
import multiprocessing
import os
import resource
import signal
import subprocess
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from deepobs.problems import get_problem
from deepobs.runner import (
    Callback,
    ResultsError,
    RunConfig,
    RunInProgressError,
    RunInterruptedError,
    Trainer,
    run,
)
from deepobs.runner.cli import main
from deepobs.runner.results import ResultsStore
from deepobs.runner.training import Checkpoints

#: Children start from a server that has imported all this already: in milliseconds, not seconds.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["deepobs.runner.executors._preload"])


def dropout_model():
    """A model that draws random numbers as it trains."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Dropout(), nn.Linear(32, 10)
    )


def batch_norm_model():
    """A model that has running statistics."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 10)
    )


class Noisy(torch.optim.SGD):
    """An optimizer that draws from torch's global generator."""

    def step(self, closure=None):
        """Adds noise to the weights before the step."""
        with torch.no_grad():
            for parameter in self.param_groups[0]["params"]:
                parameter += 1e-3 * torch.randn_like(parameter)
        return super().step(closure)


class Precise(torch.optim.Optimizer):
    """Adds its gradients up in float64."""

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        """Steps along a mean that forgets slowly."""
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                state["mean"] = 0.9 * state.get("mean", 0.0) + 0.1 * parameter.grad.double()
                parameter -= group["lr"] * state["mean"]


def dropout_problem():
    """The embedded digits with dropout."""
    return replace(
        get_problem("digits_mlp"),
        name="digits_dropout",
        model=partial(dropout_model),
        stochastic=True,
    )


def batch_norm_problem():
    """The embedded digits with batch normalisation."""
    return replace(get_problem("digits_mlp"), name="digits_bn", model=partial(batch_norm_model))


def config_of(optimizer="Adam", **changes):
    """A run in which everything that has a state has one."""
    settings = {
        "problem": dropout_problem(),
        "optimizer": {"Noisy": Noisy, "Precise": Precise}.get(optimizer, optimizer),
        "lr": 0.01,
        "epochs": 4,
        "schedule": {"name": "cosine", "warmup_epochs": 1},
        "validation": 0.2,
    }
    return RunConfig(**{**settings, **changes})


class SaveWeights(Callback):
    """Saves the final weights, and the most memory that the process has had."""

    def __init__(self, path):
        self.path = path

    def on_run_start(self, config, built):
        """Keeps the model."""
        self.model = built.model

    def on_run_end(self, record):
        """Writes its weights."""
        torch.save(self.model.state_dict(), self.path)
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.path.with_suffix(".peak").write_text(str(1024 * kilobytes))


def wait_in_step(wait, is_ours):
    """Lets this process wait in that step of its optimizer, as long as the file `sign` is there.

    So a signal meets a run that cannot have ended before, however slow the machine is. Checks take
    steps too, on small models of their own: `is_ours` tells by the number of trained values.
    """
    number, sign = wait

    def hook(optimizer, *_):
        if not is_ours(sum(p.numel() for group in optimizer.param_groups for p in group["params"])):
            return
        optimizer.steps_seen = getattr(optimizer, "steps_seen", 0) + 1
        if optimizer.steps_seen == number:
            sign.touch()
            while sign.exists():
                time.sleep(0.001)

    register_optimizer_step_post_hook(hook)


class Size(Callback):
    """Knows how many values the model of a run has, once the run has started."""

    number = None

    def on_run_start(self, config, built):
        """Counts them."""
        self.number = sum(p.numel() for p in built.model.parameters() if p.requires_grad)


def train(optimizer, results, weights, changes, wait=None, **execution):
    """Does the run of `config_of`; exits with 128 + signal where one stops it."""
    torch.set_num_threads(1)
    config = config_of(optimizer, **changes)
    size = Size()
    if wait:
        wait_in_step(wait, is_ours=lambda number: number == size.number)
    callbacks = [SaveWeights(weights), size]
    try:
        run(config, results=results, callbacks=callbacks, progress="off", **execution)
    except RunInterruptedError as error:
        print(error)
        os._exit(128 + error.signal_number)


def command(arguments, said, wait=None):
    """Is the command `deepobs`; what it says on stderr goes to the file `said`."""
    torch.set_num_threads(1)
    if wait:
        wait_in_step(wait, is_ours=lambda number: number > 500)
    with Path(said).open("w") as file, contextlib.redirect_stderr(file):
        main(arguments)


class Accident(torch.optim.SGD):
    """Runs the shell command `$RUNNER_TEST_ACCIDENT` in its 40th step, where there is one."""

    steps = 0

    def step(self, closure=None):
        """SGD's step, and what happens to the disk meanwhile."""
        self.steps += 1  # of this instance: a trial before the run has its own
        happening = os.environ.get("RUNNER_TEST_ACCIDENT")
        if happening and self.steps == 40:
            subprocess.run(happening, shell=True, check=False, capture_output=True)
        return super().step(closure)


def try_lock(root, answers):
    """Says whether the lock of the default run could be had."""
    try:
        with ResultsStore(root).lock(config_of()):
            answers.put("got it")
    except RunInProgressError as error:
        answers.put(str(error))


def save_slowly(checkpoints, state, steps, save=Checkpoints.save):
    """Saves a checkpoint as a slow disk does."""
    time.sleep(1)
    save(checkpoints, state, steps)


def save_on_full_disk(checkpoints, state, steps):
    """Saves no checkpoint."""
    raise ResultsError("the disk is full")


def stop_together(step, save, said, *run):
    """Is one of several processes of a run, which all get a signal in one step, and save so.

    What the run says in the end, and the number of checkpoints at that moment, go to a file.
    """
    rank, results = run[0], run[4]
    steps = itertools.count(1)
    register_optimizer_step_post_hook(
        lambda *_: signal.raise_signal(signal.SIGUSR1) if next(steps) == step else None
    )
    if save is not None:
        Checkpoints.save = save  # type: ignore[method-assign]
    try:
        train_together(*run)
    except RunInterruptedError as error:
        found = len(list(Path(results).rglob("checkpoint_*.pt")))
        Path(f"{said}{rank}").write_text(f"{error} {found}")


def train_together(rank, count, port, settings, results, data_root, resume=False):
    """Is one of several processes of a run, as torchrun would start it."""
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(count),
        MASTER_ADDR="127.0.0.1",
        MASTER_PORT=str(port),
    )
    config = RunConfig(**settings)
    execution = {"results": results, "data_root": data_root, "resume": resume}
    run(config, progress="off", device="cpu", **execution)


class DoubleStep(Trainer):
    """Takes two steps on each batch."""

    def training_step(self, batch):
        """Returns the loss before the first one."""
        loss = super().training_step(batch)
        super().training_step(batch)
        return loss
