from pathlib import Path

import pytest

from deepobs.data import DATASETS, UnknownDatasetError, load_dataset
from deepobs.data.testing import write_stand_in


@pytest.mark.parametrize("name", ["mnist", "cifar10", "cifar100", "svhn", "imagenet"])
def test_a_stand_in_has_the_asked_sizes(tmp_path: Path, name: str) -> None:
    """Loaded as the real files are."""
    data = load_dataset(name, root=write_stand_in(name, tmp_path, num_train=20, num_test=7))
    assert (data.num_examples("train"), data.num_examples("test")) == (20, 7)


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.files])
def test_a_stand_in_replaces_nothing(tmp_path: Path, name: str) -> None:
    """Real files are safe, even one alone."""
    write_stand_in(name, tmp_path)
    paths = [tmp_path / file for file in DATASETS[name].files]
    for path in paths[1:]:
        if path.is_file():
            path.unlink()
    with pytest.raises(FileExistsError, match="exists already"):
        write_stand_in(name, tmp_path)


def test_a_stand_in_depends_on_its_seed(tmp_path: Path) -> None:
    """The same seed writes the same bytes, another one others."""
    file = "cifar-100-python/test"
    contents = [
        (write_stand_in("cifar100", tmp_path / str(number), seed=seed) / file).read_bytes()
        for number, seed in enumerate((1, 1, 2))
    ]
    assert contents[0] == contents[1] != contents[2]


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    """As by load_dataset."""
    with pytest.raises(UnknownDatasetError, match="did you mean svhn"):
        write_stand_in("svnh", tmp_path)
