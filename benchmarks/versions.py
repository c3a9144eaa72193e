"""Compares the seconds of a training step on the original problems between two checkouts.

    python benchmarks/versions.py OTHER_CHECKOUT [--steps 20] [--repeats 3] [PROBLEM ...]

Both checkouts train the same problems on generated files with SGD, alternately, each time in a
process of its own. The figures are the processor's seconds of a step, the smallest of the repeats,
on one thread.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
#: One problem of each architecture whose step takes less than a second.
PROBLEMS = (
    *("quadratic_deep", "two_d_rosenbrock", "mnist_logreg", "mnist_mlp", "fmnist_2c2d"),
    *("mnist_vae", "cifar10_3c3d", "cifar100_allcnnc", "svhn_wrn164", "tolstoi_char_rnn"),
)
STEPS = """
import sys, time, torch
from deepobs.data.testing import write_stand_in
from deepobs.problems import build, get_problem
name, root, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(1)
data = {"fmnist": "fashion_mnist"}.get(name.split("_")[0], name.split("_")[0])
if data in ("mnist", "fashion_mnist", "cifar10", "cifar100", "svhn", "tolstoi"):
    try:
        write_stand_in(data, root)
    except FileExistsError:
        pass
built = build(name, data_root=root, batch_size=min(get_problem(name).batch_size, 32))
optimizer = torch.optim.SGD(built.model.parameters(), lr=1e-4)
seconds, taken, epoch = [], 0, 0
while taken < steps:
    batches = built.batches("train", epoch=epoch)
    while True:
        begin = time.process_time()
        batch = next(batches, None)
        if batch is None or taken == steps:
            break
        optimizer.zero_grad()
        built.objective(batch).backward()
        optimizer.step()
        seconds.append(time.process_time() - begin)
        taken += 1
    epoch += 1
print(sorted(seconds)[len(seconds) // 2])
"""


def seconds(checkout: Path, problem: str, root: str, steps: int) -> float:
    """Returns the median seconds of a step with the sources of a checkout."""
    paths = sorted(str(path) for path in checkout.glob("packages/*/src"))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", STEPS, problem, root, str(steps)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(result.stdout)


def main() -> None:
    """Reads the command line, measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("other", type=Path, help="the checkout to compare with")
    parser.add_argument("problems", nargs="*", default=PROBLEMS, metavar="PROBLEM")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    print("| Problem | Other, ms | This, ms | This / other |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as root:
        for problem in arguments.problems:
            found: dict[Path, list[float]] = {arguments.other: [], HERE: []}
            for _ in range(arguments.repeats):
                for checkout, values in found.items():
                    values.append(seconds(checkout, problem, root, arguments.steps))
            other, this = (1000 * min(values) for values in found.values())
            print(f"| `{problem}` | {other:.2f} | {this:.2f} | {this / other:.2f} |", flush=True)


if __name__ == "__main__":
    main()
