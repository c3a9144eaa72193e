"""One of several machines that share a sweep in object storage.

As a program: `cloud_machine.py ADDRESS FOLDER [dies]`. A machine that dies kills itself in the
middle of its second run, once another machine has written a record. Before, it says by a file
`holding` in the folder that it has the run.
"""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from deepobs.runner import Callback, sweep
from deepobs.runner.results import open_storage
from deepobs.runner.results.storage import _lease

PLAN = {
    "problems": ["digits_logreg"],
    "optimizers": ["SGD", "Adam"],
    "lr": [0.001, 0.01, 0.1],
    "epochs": 1,
}
RUNS = 6


class Dies(Callback):
    """Callback that kills this machine in its second run."""

    def __init__(self, address, holding):
        self.address, self.holding, self.runs = address, holding, 0

    def on_run_start(self, config, built):
        """Counts the runs."""
        self.runs += 1

    def on_step_end(self, trainer):
        """Waits for another machine's record after a few checkpoints, and is gone."""
        if self.runs == 2 and trainer.step_in_epoch == 5:
            self.holding.write_text(trainer.config.run_id)
            while num_records(self.address) < 2:
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGKILL)


def num_records(address):
    """The number of records in object storage."""
    return sum(1 for _ in open_storage(address).json_files([]))


def work(address, callbacks=()):
    """Does the sweep, with locks that expire after seconds in place of a minute."""
    _lease.BEAT_SECONDS, _lease.SAFE_SECONDS, _lease.EXPIRY_SECONDS = 0.5, 8.0, 12.0
    options: dict[str, Any] = {"workers": 0, "device": "cpu", "progress": "off"}
    return sweep(PLAN, results=address, callbacks=callbacks, checkpoint_every=0, **options)


def main():
    """Takes part in the sweep."""
    address, folder, *dies = sys.argv[1:]
    callbacks = [Dies(address, Path(folder, "holding"))] if dies else []
    result = work(address, callbacks)
    sys.exit(bool(result.failed))


if __name__ == "__main__":
    main()
