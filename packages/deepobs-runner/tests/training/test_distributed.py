"""Several processes in one run."""

import socket
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
import run_workers as workers
import torch

from deepobs.data.testing import write_stand_in
from deepobs.problems import build
from deepobs.runner import RunConfig, UsageError, run
from deepobs.runner.results import read_record
from deepobs.runner.training import Processes


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_together(function, arguments, settings, folder, *more):
    """Lets two gloo processes do a run by a function of the workers."""
    port = free_port()
    processes = [
        workers.PROCESSES.Process(
            target=function, args=(*arguments, rank, 2, port, settings, folder, *more)
        )
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(500)
    assert [process.exitcode for process in processes] == [0, 0]


def train_together(settings, folder, data_root=None, resume=False):
    """The record of a run that two gloo processes do."""
    start_together(workers.train_together, (), settings, folder, data_root, resume)
    (path,) = folder.rglob("random_seed__*.json")  # one process writes
    return read_record(path)


@pytest.mark.parametrize(
    "changes", [{}, {"gradient_accumulation_steps": 2, "max_grad_norm": 1.0}], ids=["", "parts"]
)
def test_two_processes_give_the_losses_of_one(tmp_path, changes):
    """Same global batches, so the same losses, but for the order of float32 sums."""
    settings: dict[str, Any] = {
        "problem": "digits_mlp",
        "optimizer": "Adam",
        "lr": 0.01,
        "epochs": 2,
        **changes,
    }
    settings["validation"] = 0.2
    together = train_together(settings, tmp_path)
    alone = run(RunConfig(**settings), device="cpu", progress="off")
    assert together.minibatch_train_losses == pytest.approx(alone.minibatch_train_losses, rel=1e-4)
    for series in ("train_losses", "valid_losses", "test_losses", "test_accuracies"):
        assert getattr(together, series) == pytest.approx(getattr(alone, series), rel=1e-4)
    assert together.run_id == alone.run_id
    assert together.environment["processes"] == 2


@pytest.mark.slow
def test_two_processes_share_nested_batches(tmp_path):
    """Each takes its half of every tensor of a batch: transitions have seven."""
    settings: dict[str, Any] = {
        "problem": "cartpole_ppo_small",
        "optimizer": "SGD",
        "lr": 1e-3,
        "steps": 16,
    }
    together = train_together(settings, tmp_path)
    alone = run(RunConfig(**settings), device="cpu", progress="off")
    assert together.minibatch_train_losses == pytest.approx(alone.minibatch_train_losses, rel=1e-4)
    assert together.environment["processes"] == 2


def test_two_processes_give_the_losses_of_one_on_fmnist_2c2d(tmp_path):
    """Over 20 steps of SGD, within 1e-4; on noise in the format of Fashion-MNIST.

    With lr 0.1 the rounding of one step grows to 1e-3 in 20, in one process too.
    """
    write_stand_in("fashion_mnist", tmp_path / "data", num_train=20 * 128, num_test=200)
    settings: dict[str, Any] = {
        "problem": "fmnist_2c2d",
        "optimizer": "SGD",
        "lr": 0.01,
        "epochs": 1,
    }
    data: dict[str, Any] = {"data_root": tmp_path / "data"}
    together = train_together(settings, tmp_path / "results", **data)
    alone = run(RunConfig(**settings), device="cpu", progress="off", **data)
    assert alone.num_steps == 20
    assert together.minibatch_train_losses == pytest.approx(alone.minibatch_train_losses, rel=1e-4)
    assert together.test_losses == pytest.approx(alone.test_losses, rel=1e-4)


def test_torchrun_does_one_run(tmp_path):
    """The command that the documentation gives: one sentence, and one record that two wrote."""
    launch = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]
    command = [*launch, str(free_port()), "-m", "deepobs.runner", "run", "digits_mlp", "SGD"]
    options = ["--lr", "0.1", "--epochs", "1", "--device", "cpu", "--results", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *command, *options], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("finished after 1 epoch:") == 1
    (path,) = tmp_path.rglob("random_seed__*.json")
    assert read_record(path).environment["processes"] == 2


def test_a_program_under_torchrun_may_do_several_runs(tmp_path):
    """They go on with the group of the first: a third one used to wait forever for a new one."""
    program = tmp_path / "program.py"
    program.write_text(
        "from deepobs.runner import run\n"
        "for seed in (1, 2, 3):\n"
        "    run('digits_logreg', 'SGD', lr=0.1, epochs=1, seed=seed, device='cpu',\n"
        "        progress='off', results='results')\n"
    )
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port"]
    subprocess.run(
        [sys.executable, *command, str(free_port()), str(program)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=500,
    )
    assert len(list(tmp_path.rglob("random_seed__*.json"))) == 3


@pytest.mark.parametrize(
    ("save", "words", "checkpoints"),
    [
        ("save_slowly", "the checkpoint is saved, continue with resume", 1),
        ("save_on_full_disk", "no new checkpoint: the disk is full", 0),
    ],
)
def test_a_signal_ends_all_processes_once_the_checkpoint_is_there(
    tmp_path, save, words, checkpoints
):
    """Were one to end earlier, torchrun would end the one that saves; and all say what is true."""
    settings: dict[str, Any] = {"problem": "digits_mlp", "optimizer": "SGD", "lr": 0.1, "epochs": 2}
    stop = (5, getattr(workers, save), tmp_path / "said")
    start_together(workers.stop_together, stop, settings, tmp_path, None)
    for rank in range(2):
        assert (tmp_path / f"said{rank}").read_text() == (
            f"Stopped by SIGUSR1 in epoch 1 after 20 of 22 steps; {words}. {checkpoints}"
        )


def test_batch_normalisation_goes_on_exactly_before_an_evaluation(tmp_path, measured):
    """Every process has its own running statistics; the first one's are evaluated and saved."""
    settings: dict[str, Any] = {
        "problem": workers.batch_norm_problem(),
        "optimizer": "SGD",
        "lr": 0.1,
    }
    settings |= {"epochs": 2, "batch_size": 70}
    whole = train_together(settings, tmp_path / "whole")
    assert whole.num_steps == 20
    stop = (20, None, tmp_path / "said")
    start_together(workers.stop_together, stop, settings, tmp_path / "stopped", None)
    assert "in epoch 1 after 20 of 20 steps; the" in (tmp_path / "said0").read_text()
    resumed = train_together(settings, tmp_path / "stopped", resume=True)
    assert measured(resumed) == measured(whole)


def examples(batches):
    """Counts how often each example, identified by its content, occurs in batches."""
    rows = torch.cat([batch.inputs.flatten(1) for batch in batches])
    return Counter(row.numpy().tobytes() for row in rows)


@pytest.mark.parametrize("epoch", [0, 1])
def test_each_example_is_used_once_an_epoch(epoch):
    """Two shards of an epoch hold the training set, each example as often as it is in there."""
    (whole,) = build("quadratic_deep", batch_size=1000).batches("train")
    built = build("quadratic_deep", batch_size=100)  # nothing is left over
    shards = [list(built.batches("train", epoch=epoch, shard=(rank, 2))) for rank in (0, 1)]
    assert len(shards[0]) == len(shards[1]) == 10
    assert examples(shards[0] + shards[1]) == examples([whole])


def test_shards_drop_what_one_process_drops():
    """Each global batch is the same; the last, incomplete one is left out by both."""
    built = build("digits_mlp", batch_size=100)
    size = built.dataset.num_examples("train")
    assert size % 100
    alone = list(built.batches("train"))
    shards = [list(built.batches("train", shard=(rank, 2))) for rank in (0, 1)]
    assert len(alone) == size // 100
    for batch, parts in zip(alone, zip(*shards, strict=True), strict=True):
        assert torch.equal(torch.cat([part.inputs for part in parts]), batch.inputs)
        assert torch.equal(torch.cat([part.targets for part in parts]), batch.targets)


def test_a_batch_that_cannot_be_shared_evenly_is_refused():
    """Uneven parts would weigh examples differently."""
    with pytest.raises(UsageError, match="multiple of 6"):
        Processes(0, 3).check(batch_size=128, gradient_accumulation_steps=2)
