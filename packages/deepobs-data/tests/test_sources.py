import pytest

from deepobs.data._sources import checksums, downloads

CLASSES = {
    "mnist": "MNIST",
    "fashion_mnist": "FashionMNIST",
    "cifar10": "CIFAR10",
    "cifar100": "CIFAR100",
    "svhn": "SVHN",
}


@pytest.mark.parametrize("name", CLASSES)
def test_addresses_and_checksums_are_torchvisions(name: str) -> None:
    """Where torchvision is installed, which is not required."""
    datasets = pytest.importorskip("torchvision.datasets", exc_type=ImportError)
    source = getattr(datasets, CLASSES[name])
    fetched = {(d.urls[0], d.checksum) for d in downloads(name)}
    if name in ("mnist", "fashion_mnist"):
        expected = {(source.mirrors[0] + file, f"md5:{md5}") for file, md5 in source.resources}
    elif name == "svhn":
        parts = [source.split_list[part] for part in ("train", "test")]
        expected = {(url, f"md5:{md5}") for url, _, md5 in parts}
    else:
        expected = {(source.url, f"md5:{source.tgz_md5}")}
        files = dict(source.train_list + source.test_list)
        assert checksums(name) == {
            f"{source.base_folder}/{file}": f"md5:{md5}" for file, md5 in files.items()
        }
    assert fetched == expected
