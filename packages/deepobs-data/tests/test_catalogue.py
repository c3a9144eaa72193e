import inspect
from pathlib import Path

import pytest
import torch
from torch.utils._pytree import tree_leaves

import deepobs.data
from deepobs.data import DATASETS, Dataset, FullBatchDataset, UnknownDatasetError, load_dataset
from deepobs.data.testing import write_stand_in


def test_the_catalogue_has_the_data_sets_of_the_benchmark() -> None:
    """Nine of DeepOBS, and the embedded and generated ones; each is also a function of its own."""
    assert set(DATASETS) == {
        "mnist",
        "fashion_mnist",
        "cifar10",
        "cifar100",
        "svhn",
        "imagenet",
        "tolstoi",
        "quadratic",
        "two_d",
        "digits",
        "tiny_shakespeare",
        "fineweb",
        "ogbg_molpcba",
        "cora",
        "cora_planetoid",
        "heavy_tailed",
        "modular_addition",
        "convection",
        "california_housing",
        "matrix_sensing",
        "movielens_100k",
        "cartpole",
    }
    for name, entry in DATASETS.items():
        assert entry.name == name
        assert entry.load is getattr(deepobs.data, name)


@pytest.mark.parametrize("name", DATASETS)
def test_every_entry_is_described(name: str) -> None:
    """What it is, from where, under which terms, and how much is fetched."""
    entry = DATASETS[name]
    assert entry.description
    assert entry.origin
    assert entry.licence
    assert (entry.download_bytes > 0) == (bool(entry.files) and name != "imagenet")
    assert "Returns:" in (inspect.getdoc(entry.load) or "")


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_keeps_the_contract(tmp_path: Path, name: str) -> None:
    """Loaded from its files, all phases yield as many batches as announced, of the right kinds."""
    data = load_dataset(name, root=write_stand_in(name, tmp_path))
    assert isinstance(data, Dataset)
    assert data.name == name
    assert data.phases == ("train", "train_eval", "test")
    data = data.with_validation(0.5)
    batch_size = 2 if name == "imagenet" else 50
    if isinstance(data, FullBatchDataset):
        batch_size = data.num_examples("train")
    for phase in data.phases:
        batches = list(data.batches(phase, batch_size=batch_size))
        assert len(batches) == data.num_batches(phase, batch_size) > 0
        for batch in batches:
            # A molecule has no result of most assays.
            given = batch.inputs if name == "ogbg_molpcba" else batch
            assert all(
                tensor.isfinite().all() for tensor in tree_leaves(given) if tensor is not None
            )
            if data.num_classes is not None:
                assert batch.targets.dtype == torch.int64
                assert batch.targets.min() >= 0
                assert batch.targets.max() < data.num_classes
    assert data.facts.num_classes == data.num_classes


@pytest.mark.parametrize("name", [name for name, entry in DATASETS.items() if entry.files])
def test_loading_never_downloads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Missing data is an error that says where it comes from, and no address is opened."""
    monkeypatch.setattr("urllib.request.urlopen", lambda *_, **__: pytest.fail("asked the network"))
    source = r"image-net\.org" if name == "imagenet" else f"deepobs data prepare {name}"
    with pytest.raises(FileNotFoundError, match=source):
        load_dataset(name, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "hint"), [("mnits", "did you mean mnist"), ("cifar", "cifar10"), ("xyz", "choose one")]
)
def test_an_unknown_name_gets_the_nearest(name: str, hint: str) -> None:
    """One sentence with the nearest name, or all of them."""
    with pytest.raises(UnknownDatasetError, match=hint):
        load_dataset(name)


def test_all_public_names_are_there() -> None:
    """Everything in __all__ exists, sorted and once."""
    for name in deepobs.data.__all__:
        assert getattr(deepobs.data, name) is not None
    assert len(set(deepobs.data.__all__)) == len(deepobs.data.__all__)


def test_the_readme_lists_every_data_set_with_what_is_fetched() -> None:
    """Its table and the catalogue say the same."""
    lines = (Path(__file__).parents[1] / "README.md").read_text().splitlines()
    rows = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
    assert list(rows) == list(DATASETS)
    for name, entry in DATASETS.items():
        if entry.download_bytes:
            megabytes = round(entry.download_bytes / 1e6)
            assert rows[name].endswith(f"| {megabytes or '< 1'} MB |")
