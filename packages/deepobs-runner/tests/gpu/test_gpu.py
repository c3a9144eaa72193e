"""Runs on a GPU: resumption, precisions, compilation, several processes and workers.

The session `gpu` runs these tests. `DEEPOBS_GPU` names the device, `cuda` by default; with `cpu`
they run without one, which shows that the tests themselves work.
"""

import os
import shutil
import signal
import subprocess
import sys
from typing import Any

import pytest
import torch

from deepobs.runner import Callback, RunInterruptedError, load_records, run, sweep

pytestmark = pytest.mark.gpu

DEVICE = os.environ.get("DEEPOBS_GPU", "cuda")
if DEVICE == "cuda" and not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

QUIET: dict[str, Any] = {"device": DEVICE, "progress": "off"}


class _Stop(Callback):
    """Sends this process a signal in the middle of an epoch, as a cluster does."""

    def on_step_end(self, trainer):
        if trainer.steps_taken == 30:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "Muon"])
def test_a_run_resumes_exactly(tmp_path, optimizer):
    """With deterministic operations the numbers are those of an uninterrupted run."""
    options: dict[str, Any] = {"lr": 0.01, "epochs": 3, "deterministic": True, **QUIET}
    whole = run("digits_2c2d", optimizer, results=tmp_path / "whole", **options)
    broken: dict[str, Any] = {**options, "results": tmp_path / "broken"}
    with pytest.raises(RunInterruptedError):
        run("digits_2c2d", optimizer, callbacks=[_Stop()], **broken)
    resumed = run("digits_2c2d", optimizer, resume=True, **broken)
    assert resumed.minibatch_train_losses == whole.minibatch_train_losses
    assert resumed.test_losses == whole.test_losses


@pytest.mark.parametrize(("precision", "tolerance"), [("tf32", 0.02), ("bf16", 0.1), ("fp16", 0.1)])
def test_lower_precision_trains_alike(precision, tolerance):
    """The tolerance is that of the format, on a loss near one after a few steps."""
    if DEVICE == "cpu" and precision != "bf16":
        pytest.skip("a CPU has neither tf32 nor loss scaling")
    exact = run("digits_2c2d", "SGD", lr=0.1, epochs=2, **QUIET)
    lower = run("digits_2c2d", "SGD", lr=0.1, epochs=2, precision=precision, **QUIET)
    assert lower.status == "finished"
    assert lower.test_losses == pytest.approx(exact.test_losses, rel=tolerance)


@pytest.mark.skipif(
    DEVICE == "cpu" and not any(map(shutil.which, ("g++", "c++", "clang++"))),
    reason="torch.compile needs a C++ compiler on the CPU, and there is none",
)
def test_compiled_training_is_the_same():
    """To the rounding of fused operations."""
    eager = run("digits_mlp", "SGD", lr=0.1, epochs=1, **QUIET)
    compiled = run("digits_mlp", "SGD", lr=0.1, epochs=1, compile=True, **QUIET)
    assert compiled.test_losses == pytest.approx(eager.test_losses, rel=1e-3)


def test_channels_last_is_the_same():
    """Another layout of images changes the order of sums alone."""
    options: dict[str, Any] = {"lr": 0.1, "epochs": 1, **QUIET}
    usual = run("digits_2c2d", "SGD", **options)
    last = run("digits_2c2d", "SGD", channels_last=True, **options)
    assert last.test_losses == pytest.approx(usual.test_losses, rel=1e-2)


def test_one_process_under_torchrun(tmp_path):
    """NCCL starts, and the losses are those of a run without it."""
    arguments = ["run", "digits_mlp", "SGD", "--lr", "0.1", "--epochs", "1", "--device", DEVICE]
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "1"]
    command = [*start, "-m", "deepobs.runner", *arguments, "--progress", "off"]
    subprocess.run([*command, "--results", str(tmp_path)], check=True)
    alone = run("digits_mlp", "SGD", lr=0.1, epochs=1, **QUIET)
    losses = load_records(tmp_path)["test_loss"].tolist()
    assert losses == pytest.approx(alone.test_losses, rel=1e-4)


def test_workers_share_a_device(tmp_path):
    """Two workers at once give what one gives."""
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": [0.01, 0.1], "epochs": 1}
    result = sweep(plan, results=tmp_path, workers=2, device=DEVICE, progress="off")
    assert result.count("finished") == 2
    for lr, losses in load_records(tmp_path).groupby("learning_rate")["test_loss"]:
        alone = run("digits_logreg", "SGD", lr=lr, epochs=1, **QUIET)
        assert losses.tolist() == pytest.approx(alone.test_losses, rel=1e-4)
