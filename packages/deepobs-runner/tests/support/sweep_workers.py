"""What the workers of the executors' tests do: importable, so that other processes find it."""

import os
import signal
import time
from pathlib import Path

import torch

from deepobs.runner.executors import JobProgress, Outcome


def work(job, report):
    """Do what the job's option `do` says."""
    what, folder = job.options.get("do"), Path(job.options.get("folder", "."))
    if what == "describe":
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
        variables = [os.environ.get(name, "") for name in names]
        (folder / str(os.getpid())).touch()
        while len(list(folder.iterdir())) < 2:  # until the other worker has got a share
            time.sleep(0.01)
        return _finished(os.getpid(), torch.get_num_threads(), *variables)
    if what == "report":
        report(JobProgress(epoch=1, result="test loss 0.5"))
    if what == "die" or (what == "die once" and job.attempt == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "exit":
        os._exit(3)
    if what == "wait":
        signal.signal(signal.SIGTERM, _interrupt)
        (folder / "started").touch()
        try:
            time.sleep(600)  # until it is told to stop
        except KeyboardInterrupt:
            (folder / "saved").touch()
            raise
    return _finished(os.getpid())


def _finished(*words):
    return Outcome(status="finished", message=" ".join(map(str, words)))


def _interrupt(number, frame):
    raise KeyboardInterrupt
