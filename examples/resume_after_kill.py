"""Kill a run in the middle, resume it, and get the same numbers as without the interruption.

The checkpoint contains the position in the data and all random states.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from deepobs.runner import load_records

ARGUMENTS = ["digits_mlp", "SGD", "--lr", "0.1", "--epochs", "30", "--progress", "off"]
COMMAND = [sys.executable, "-m", "deepobs.runner", "run", *ARGUMENTS]

killed = subprocess.Popen([*COMMAND, "--results", "killed", "--checkpoint-every", "0"])
while not list(Path("killed").rglob("*.pt")):  # wait for the first checkpoint
    time.sleep(0.01)
killed.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
killed.wait()
print("killed; records:", len(list(Path("killed").rglob("random_seed*.json"))))

subprocess.run([*COMMAND, "--results", "killed", "--resume"], check=True)
subprocess.run([*COMMAND, "--results", "whole"], check=True)
losses = [load_records(folder)["test_loss"].tolist() for folder in ("killed", "whole")]
print("equal losses:", losses[0] == losses[1])
