"""What a record says about where it was made, and that no measurement costs a run."""

import subprocess
import sys
import textwrap

import pytest
import torch

from deepobs.runner import run
from deepobs.runner.training._environment import cpu_generation, cpu_model, measured, package_of
from deepobs.runner.training._step_timer import peak_memory_bytes


class Mine(torch.optim.SGD):
    """A class that no distribution owns."""


def test_the_hardware_and_the_optimizer_s_package_are_recorded():
    """So that a report can say when it compares seconds from different machines."""
    environment = run("digits_logreg", "SGD", lr=0.1, epochs=1, progress="off").environment
    assert environment["cpu"] == cpu_model()
    assert environment["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert environment["optimizer_package"] == f"torch {torch.__version__}"


CPUINFO = {
    "x86": ("family 25 model 17", "AMD EPYC", "cpu family: 25\nmodel: 17\nmodel name: AMD EPYC"),
    "arm": (None, "Raspberry Pi 5", "processor: 0\nCPU part: 0xd0b\n\nModel: Raspberry Pi 5"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/cpuinfo")
@pytest.mark.parametrize("kind", CPUINFO)
def test_the_processor_s_generation(monkeypatch, kind):
    """Of the first processor; virtual machines hide it from the model's name."""
    generation, model, text = CPUINFO[kind]
    second = text.replace("17", "1").replace("EPYC", "Ryzen").replace("Pi 5", "Pi 4")
    monkeypatch.setattr("pathlib.Path.read_text", lambda *_, **__: f"{text}\n\n{second}\n")
    assert (cpu_generation(), cpu_model()) == (generation, model)


def test_the_package_of_a_class():
    """An installed one with its version; none for a class of a script."""
    assert package_of(pytest.Item).startswith("pytest ")
    assert package_of(Mine) is None


def test_a_measurement_that_fails_gives_none(caplog):
    """One sentence in the log."""

    def broken():
        raise OSError("not here")

    assert measured(broken) is None
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("broken could not be measured: OSError: not here")


def test_a_kernel_without_a_high_water_mark(monkeypatch, tmp_path):
    """gVisor's /proc/self/status has no VmHWM line; the resource usage has the peak."""
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmRSS:\t1 kB\n")
    monkeypatch.setattr("deepobs.runner.training._step_timer._STATUS", status)
    assert peak_memory_bytes(torch.device("cpu")) > 1_000_000
    monkeypatch.setattr("deepobs.runner.training._step_timer._STATUS", tmp_path / "none")
    assert peak_memory_bytes(torch.device("cpu")) > 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no hang-up signal")
@pytest.mark.parametrize("ignored", [False, True], ids=["terminal closed", "nohup"])
def test_hang_up_saves_unless_it_is_ignored(tmp_path, ignored):
    """A closed terminal stops a run as SIGTERM does; under nohup the run goes on."""
    script = f"""
        import os, signal
        from deepobs.runner import Callback, RunInterruptedError, run

        # Stated in both cases: the tests may themselves run under nohup.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if {ignored} else signal.SIG_DFL)

        class HangUp(Callback):
            def on_run_start(self, config, built):
                os.kill(os.getpid(), signal.SIGHUP)

        try:
            run("digits_logreg", "SGD", lr=0.1, epochs=1, results="r", callbacks=[HangUp()])
            print("finished")
        except RunInterruptedError as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    expected = "finished" if ignored else "Stopped by SIGHUP"
    assert done.stdout.startswith(expected), done.stderr
    assert bool(list((tmp_path / "r").rglob("checkpoint_*.pt"))) is not ignored
