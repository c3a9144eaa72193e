"""Runs on a real Ray cluster of this machine."""

import contextlib
import json
import sys
from pathlib import Path
from unittest.mock import MagicMock, call

import pytest

from deepobs.runner.executors import RayExecutor
from deepobs.runner.executors._base import SAVING_SECONDS
from deepobs.runner.executors._worker import perform
from deepobs.runner.sweeps import _execution as execution_module
from deepobs.runner.sweeps import sweep

pytestmark = [
    pytest.mark.slow,
    # Ray leaves its log files and sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    # Ray 2.60 announces what it will do about CUDA_VISIBLE_DEVICES in the future.
    pytest.mark.filterwarnings("ignore:Tip. In future versions of Ray:FutureWarning"),
]
PLAN = {
    "problems": ["digits_logreg", "two_d_rosenbrock"],
    "optimizers": ["SGD", "Adam"],
    "lr": [1e-4, 1e-3],
    "epochs": 1,
    "seeds": {"range": [42, 49]},
}


@pytest.fixture
def cluster(monkeypatch, tmp_path):
    """Two nodes of one core each; the first is the head."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))
    made = cluster_utils.Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    made.second = made.add_node(num_cpus=1)
    yield made
    ray.shutdown()
    made.shutdown()


def _records(folder):
    """The run of every record; a run that was recorded twice is there twice."""
    return sorted(
        json.loads(path.read_text())["run_id"] for path in Path(folder).glob("*/*/*/*.json")
    )


def test_a_lost_node(cluster, tmp_path, monkeypatch):
    """Of two nodes one is lost half-way: every run ends, and none is done twice."""
    ended = []

    class Monitor:
        def expect(self, runs, done):
            pass

        def update(self, job, event, *, again):
            ended.append((event.status, again))
            if len(ended) == 32:
                cluster.remove_node(cluster.second, allow_graceful=False)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(execution_module, "make_monitor", lambda *args, **options: Monitor())
    result = sweep(
        PLAN,
        results=tmp_path,
        executor="ray",
        device="cpu",
        executor_options={"address": cluster.address},
    )
    assert len(result.runs) == 64
    assert {run.status for run in result.runs} <= {"finished", "diverged"}
    assert _records(tmp_path) == sorted(run.config.run_id for run in result.runs)
    assert [status for status, again in ended if not again].count("lost") == 0


def test_a_killed_worker(cluster, tmp_path):
    """A Ray worker killed by SIGKILL costs an attempt of its run; Ray repeats nothing itself."""
    plan = {
        "problems": ["digits_logreg"],
        "optimizers": ["sweep_optimizers.KillsOnce", "sweep_optimizers.Fails", "SGD"],
        "lr": 0.1,
        "epochs": 2,
    }
    result = sweep(
        plan,
        results=tmp_path / "results",
        executor="ray",
        device="cpu",
        retries=1,
        executor_options={"address": cluster.address},
        progress="off",
    )
    held = {run.config.optimizer_name: (run.status, run.attempts) for run in result.runs}
    assert held == {"KillsOnce": ("finished", 2), "Fails": ("failed", 2), "SGD": ("finished", 1)}
    assert "this optimizer is broken" in result.failed[0].message


def test_an_exception_lets_the_runs_save(monkeypatch):
    """After an exception, such as Ctrl-C, Ray is shut down when the cancelled runs have ended."""
    ray = MagicMock()
    ray.is_initialized.return_value = False
    ray.exceptions.RayError = RuntimeError
    monkeypatch.setitem(sys.modules, "ray", ray)
    executor = RayExecutor(perform, gpus=0)
    with contextlib.suppress(KeyboardInterrupt), executor:
        executor._running["a run"] = None
        raise KeyboardInterrupt
    done = [made for made in ray.mock_calls if made[0] in ("cancel", "wait", "shutdown")]
    waited = call.wait(["a run"], num_returns=1, timeout=SAVING_SECONDS)
    assert done == [call.cancel("a run"), waited, call.shutdown()]


@pytest.mark.parametrize(("given", "asked"), [(0.25, 0.25), (None, 1)])
def test_fractions_of_a_gpu(monkeypatch, given, asked):
    """Ray is asked for a part of a GPU; without a word, for one where there are any."""
    ray = pytest.importorskip("ray", reason="the extra ray is not installed")
    monkeypatch.setattr(ray, "is_initialized", lambda: True)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"GPU": 4.0})
    options = {}
    kind = "ray.remote_function.RemoteFunction.options"
    monkeypatch.setattr(kind, lambda self, **named: options.update(named))
    with RayExecutor(perform, gpus=given):
        assert options["num_gpus"] == asked
