import gzip
import io
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.data import (
    CorruptDatasetError,
    california_housing,
    load_dataset,
    verify_dataset,
)
from deepobs.data._california import normal_quantiles
from deepobs.data._sources import downloads
from deepobs.data.testing import write_stand_in

ARCHIVE = "california_housing/cal_housing.tgz"
MEMBER = "CaliforniaHousing/cal_housing.data"
ROW = "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3,452600.0"


def packed(content: bytes, member: str = MEMBER, kind: bytes = tarfile.REGTYPE) -> bytes:
    unpacked = io.BytesIO()
    with tarfile.open(fileobj=unpacked, mode="w") as archive:
        for name, text in (
            ("CaliforniaHousing/domain", b"longitude"),
            (member, content),
        ):
            file = tarfile.TarInfo(name)
            file.size, file.type = len(text), kind if name == member else tarfile.REGTYPE
            archive.addfile(file, io.BytesIO(text))
    return gzip.compress(unpacked.getvalue())


def folder_with(root: Path, content: bytes) -> Path:
    (root / ARCHIVE).parent.mkdir(parents=True)
    (root / ARCHIVE).write_bytes(content)
    return root


def test_features_and_prices_are_scikit_learns(tmp_path: Path) -> None:
    """In its order, before quantiles: ranks of the features of each district, and its price.

    The quantiles keep the order of each feature, so that its ranks can be compared.
    """
    rng = np.random.default_rng(0)
    table = rng.uniform(1, 50, (400, 9)).round(3)
    text = "".join(",".join(f"{value:.6f}" for value in row) + "\n" for row in table)
    data = california_housing(root=folder_with(tmp_path, packed(text.encode())))
    assert (data.num_examples("train"), data.num_examples("test")) == (320, 80)
    order = np.random.RandomState(0).permutation(400)
    chosen = table[order[:320]]
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = chosen.T
    expected = [income, age, rooms / households, bedrooms / households, population]
    expected += [population / households, latitude, longitude]
    inputs, targets = data.arrays("train")
    for column, feature in zip(inputs.numpy().T, expected, strict=True):
        inner = slice(10, -10)  # at the ends of the sample values are equal
        by_feature = column[np.argsort(feature, kind="stable")]
        assert (np.diff(by_feature)[inner] >= 0).all()
    np.testing.assert_allclose(targets.numpy(), value / 100_000, rtol=1e-6)


def test_training_features_are_standard_normal(tmp_path: Path) -> None:
    """Mean 0, deviation 1, but for the ends; the test set is mapped by the same quantiles."""
    root = write_stand_in("california_housing", tmp_path, num_train=4000, num_test=1000)
    data = california_housing(root=root)
    for phase in ("train", "test"):
        inputs = data.arrays(phase).inputs
        assert inputs.dtype == torch.float32
        assert inputs.abs().max() < 5.2  # the quantile at 1 - 1e-7
        # The median of n values is off by 1.25 / √n.
        assert inputs.median(dim=0).values.abs().max() < 5 * 1.25 / len(inputs) ** 0.5
        assert (inputs.std(dim=0) - 1).abs().max() < 0.15


def test_quantiles_by_hand() -> None:
    """Of 0, 1, …, 90, ten quantiles are the multiples of 10, at the ninths of the distribution."""
    known = np.arange(91.0)[:, None]
    values = np.array([[0.0], [10.0], [15.0], [45.0], [90.0], [1000.0], [-5.0]])
    places = [1e-7, 1 / 9, 1.5 / 9, 0.5, 1 - 1e-7, 1 - 1e-7, 1e-7]
    expected = [NormalDist().inv_cdf(place) for place in places]
    np.testing.assert_allclose(normal_quantiles(known, values)[:, 0], expected, atol=1e-7)


def test_equal_values_are_in_the_middle_of_their_quantiles() -> None:
    """Half of the values are 7: they lie between a quarter and three quarters."""
    known = np.concatenate([np.linspace(0, 6.9, 250), np.full(500, 7.0), np.linspace(7.1, 9, 250)])
    (mapped,) = normal_quantiles(known[:, None], np.array([[7.0]]))
    assert abs(mapped[0]) < 0.1


def test_quantiles_are_those_of_scikit_learn() -> None:
    """Its QuantileTransformer with the same number of quantiles, on values with many ties.

    But for ties at the ends of a sample, which it maps to the ends of the distribution.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        preprocessing = pytest.importorskip(
            "sklearn.preprocessing", reason="compares with scikit-learn, which is not installed"
        )
    rng = np.random.default_rng(0)
    known = np.stack([rng.normal(size=3000), rng.integers(0, 9, 3000), rng.gamma(1, 2, 3000)], 1)
    values = np.concatenate([known[:500], known[:100] + 0.3, [[-99.0] * 3, [99.0] * 3]])
    other = preprocessing.QuantileTransformer(
        n_quantiles=100, subsample=None, output_distribution="normal"
    ).fit(known)
    tied = np.isin(values[:, 1], (0, 8))
    mapped, expected = normal_quantiles(known, values), other.transform(values)
    np.testing.assert_allclose(mapped[:, ::2], expected[:, ::2], atol=1e-6)
    np.testing.assert_allclose(mapped[~tied, 1], expected[~tied, 1], atol=1e-6)


def rows(*lines: str) -> bytes:
    return packed("".join(f"{line}\n" for line in lines).encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file|Compressed file ended|not a gzip|read"),
        (b"PK" + bytes(100), "ot a gzipped file"),
        (packed(b"1\n", member="other.data"), "not found"),
        (packed(b"", kind=tarfile.DIRTYPE), "not a regular file"),
        (rows(), "nine numbers a district"),
        (rows(ROW), "nine numbers a district"),
        (rows(ROW, ROW), "nine numbers a district"),  # none would be left for testing
        (rows(ROW, ROW[:-9]), "not a table of numbers|nine numbers"),
        (rows(ROW, "longitude,latitude"), "not a table of numbers"),
        (rows(ROW, ROW.replace("126", "0")), "nine numbers a district"),
        (rows(ROW, ROW.replace("8.3", "nan")), "nine numbers a district"),
        (rows(ROW, ROW.replace("8.3", "1e30")), "nine numbers a district"),
        (gzip.compress(bytes(2**24 + 1)), "unpacks to more than 16,777,216 bytes"),
        (gzip.compress(bytes(1000)), "read"),
        (packed(ROW.encode() * 2000)[:500], "ended before|read"),
    ],
)
def test_a_damaged_archive_is_named_with_the_way_out(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    root = folder_with(tmp_path, content)
    with pytest.raises(CorruptDatasetError, match=reason) as caught:
        load_dataset("california_housing", root=root)
    assert str(root / ARCHIVE) in str(caught.value)
    assert "deepobs data prepare california_housing" in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_archive_is_fetched_and_stays_packed(prepare_served: Callable[[str], Path]) -> None:
    """From a server on loopback, under another name than that of its address."""
    root = prepare_served("california_housing")
    assert load_dataset("california_housing", root=root).num_examples("train") == 352
    assert [found.status for found in verify_dataset("california_housing", root=root)] == ["ok"]


def test_address_and_checksum_are_those_of_scikit_learn() -> None:
    """Where it is installed, which is not required."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = pytest.importorskip(
            "sklearn.datasets._california_housing",
            reason="compares with scikit-learn, which is not installed",
        ).ARCHIVE
    (download,) = downloads("california_housing")
    assert download.urls == (source.url,)
    assert download.checksum == f"sha256:{source.checksum}"


@pytest.mark.benchmark_data
def test_the_real_districts(real_root: Any) -> None:
    """20,640 of them, with the mean price of 2.07."""
    data = california_housing(root=real_root(ARCHIVE))
    targets = [data.arrays(phase).targets for phase in ("train", "test")]
    assert [len(part) for part in targets] == [16_512, 4_128]
    assert torch.cat(targets).mean().item() == pytest.approx(2.0686, abs=1e-3)
