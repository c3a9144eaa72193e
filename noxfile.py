"""What there is to run: `nox -l` lists it, `nox -s NAME` runs one, plain `nox` all that CI runs."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "typecheck", "imports", "docs", "build"]

PACKAGES = ("data", "models", "problems", "runner")

# What each package stands on, of ours. `tests` installs these and what they declare, nothing more.
STANDS_ON = {
    "data": ("data",),
    "models": ("models",),
    "problems": ("data", "models", "problems"),
    "runner": ("data", "models", "problems", "runner"),
}

# What each session needs besides the packages.
_PYTEST = ("pytest>=8", "pytest-xdist>=3.6", "pytest-timeout>=2.3")
NEEDS = {
    "tests-data": _PYTEST,
    "tests-models": (*_PYTEST, "numpy", "backpack-for-pytorch", "timm", "torch_geometric"),
    "tests-problems": (*_PYTEST, "backpack-for-pytorch"),
    "tests-runner": (*_PYTEST, "playwright", "schedulefree"),
    "slow": (*_PYTEST, "backpack-for-pytorch", "playwright", "schedulefree"),
    "lint": ("ruff==0.17.6",),
    "typecheck": ("mypy==2.4.1", "pandas-stubs", "types-PyYAML"),
    "imports": ("import-linter==2.16",),
    "build": ("build[uv]", "hatchling"),
    "bench": ("playwright",),
}
# Optional parts of the runner that its tests go through.
RUNNER_EXTRAS = "tune,slurm,tensorboard,wandb,mlflow"
SLOW_EXTRAS = f"{RUNNER_EXTRAS},ray"

# One thread a process: two test processes with two threads each on two cores are ten times slower.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _install(session: nox.Session, *packages: str, extras: str = "") -> None:
    """Installs our packages from their folders, together with what the session needs."""
    paths = [
        f"packages/deepobs-{name}" + (f"[{extras}]" if extras and name == "runner" else "")
        for name in packages
    ]
    session.install(*paths, *NEEDS.get(session.name.replace("(", "-").strip(")"), ()))


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def tests(session: nox.Session, package: str) -> None:
    """Tests one package with what it declares and nothing more."""
    _install(session, *STANDS_ON[package], extras=RUNNER_EXTRAS)
    session.run(
        *("pytest", f"packages/deepobs-{package}/tests", "-m", "not slow", "--timeout", "600"),
        *("-n", "auto", "--maxprocesses", "4", *session.posargs),
        env=ONE_THREAD,
    )


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that take long: large networks, real data, clusters, many killed runs."""
    _install(session, *PACKAGES, extras=SLOW_EXTRAS)
    session.run(
        *("pytest", "packages", "-m", "slow", "--timeout", "7200", *session.posargs),
        env=ONE_THREAD,
    )


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests with the oldest dependencies that the packages declare; these may warn."""
    paths = [f"packages/deepobs-{name}" for name in PACKAGES[:-1]]
    paths.append(f"packages/deepobs-runner[{RUNNER_EXTRAS}]")
    session.install("--resolution", "lowest-direct", *paths)
    session.install(*NEEDS["slow"])
    session.run(
        *("pytest", "packages", "-m", "not slow", "-W", "default", "--timeout", "600"),
        *("-n", "auto", "--maxprocesses", "4", *session.posargs),
        env=ONE_THREAD,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Style, docstrings and formatting."""
    _install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def typecheck(session: nox.Session) -> None:
    """The sources under mypy's strict rules."""
    _install(session, *PACKAGES, extras=SLOW_EXTRAS)
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """No package imports what is above it; the models import torch alone."""
    _install(session, *PACKAGES)
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The tables of the READMEs tell the truth, and their Python examples run."""
    _install(session, *PACKAGES)
    session.run("python", "docs/readme.py", "--check", env=ONE_THREAD)


@nox.session
def build(session: nox.Session) -> None:
    """Wheels and sdists, installed into a clean environment; the command run from there."""
    _install(session)
    dist = Path(tempfile.mkdtemp(prefix="deepobs-dist-"))
    for name in PACKAGES:
        session.run(
            "python",
            "-m",
            "build",
            "-q",
            "--no-isolation",
            "-o",
            str(dist),
            f"packages/deepobs-{name}",
        )
    session.install(*map(str, sorted(dist.glob("*.whl"))))
    with session.chdir(dist):
        session.run("deepobs", "--version")
        session.run("deepobs", "list")
        session.run(
            "deepobs",
            "run",
            "digits_logreg",
            "SGD",
            "--lr",
            "0.1",
            "--epochs",
            "1",
            "--results",
            "results",
        )
        session.run("deepobs", "report", "results", "-o", "report.html")
    shutil.rmtree(dist)


@nox.session
def demo(session: nox.Session) -> None:
    """The whole chain on embedded problems, without any download; names the report it wrote."""
    _install(session, *PACKAGES)
    session.run("deepobs", "demo", *session.posargs, silent=False)


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark of ``benchmarks/``, on a machine that does nothing else."""
    _install(session, *PACKAGES, extras=RUNNER_EXTRAS)
    for script in sorted(Path("benchmarks").glob("*.py")):
        session.run("python", str(script))
