"""Train with two processes that share each batch (DistributedDataParallel)."""

import subprocess
import sys

from deepobs.runner import load_records

RUN = ["run", "digits_mlp", "SGD", "--lr", "0.1", "--epochs", "1", "--progress", "off"]
START = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
subprocess.run([*START, "-m", "deepobs.runner", *RUN, "--results", "two"], check=True)
subprocess.run([sys.executable, "-m", "deepobs.runner", *RUN, "--results", "one"], check=True)
for folder in ("one", "two"):
    print(folder, "process(es): test losses", load_records(folder)["test_loss"].round(4).tolist())
