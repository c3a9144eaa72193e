"""Which golden files are read, and stand-ins for data that cannot be downloaded."""

import os

import pytest

from deepobs.data import DATASETS
from deepobs.data.testing import write_stand_in


def pytest_addoption(parser: pytest.Parser) -> None:
    """Another folder of golden files than the copy in the project."""
    parser.addoption("--golden", metavar="DIR", help="folder of golden files for test_golden.py")


def pytest_configure(config: pytest.Config) -> None:
    """The option and the environment variable are one setting, read when tests are collected."""
    if config.getoption("--golden"):
        os.environ["DEEPOBS_GOLDEN_DIR"] = config.getoption("--golden")


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data folder with a small stand-in of every data set that has files."""
    root = tmp_path_factory.mktemp("data")
    for name, entry in DATASETS.items():
        if entry.files:
            write_stand_in(name, root, num_train=20, num_test=2)
    return str(root)
