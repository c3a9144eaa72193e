"""Stand-ins for data that cannot be downloaded: small files in the exact formats."""

import pytest

from deepobs.data import DATASETS
from deepobs.data.testing import write_stand_in


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data folder with a small stand-in of every data set that has files."""
    root = tmp_path_factory.mktemp("data")
    for name, entry in DATASETS.items():
        if entry.files:
            write_stand_in(name, root, num_train=20, num_test=2)
    return str(root)
