import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.data import (
    CorruptDatasetError,
    load_dataset,
    movielens_100k,
    verify_dataset,
)
from deepobs.data._sources import downloads
from deepobs.data.testing import write_stand_in

ARCHIVE = "movielens/ml-100k.zip"


def packed(ratings: bytes, member: str = "ml-100k/u.data") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ml-100k/README", "terms of use")
        archive.writestr(member, ratings)
    return content.getvalue()


def folder_with(root: Path, content: bytes) -> Path:
    (root / ARCHIVE).parent.mkdir(parents=True)
    (root / ARCHIVE).write_bytes(content)
    return root


def test_lines_are_users_films_and_ratings(tmp_path: Path) -> None:
    """Numbered from 0; the time is left out."""
    lines = [(user, film, 1 + (user + film) % 5) for user in (1, 943) for film in (1, 7, 1682)]
    text = "".join(f"{user}\t{film}\t{rating}\t881250949\n" for user, film, rating in lines)
    data = movielens_100k(root=folder_with(tmp_path, packed(text.encode())))
    found = set()
    for phase in ("train", "test"):
        inputs, targets = data.arrays(phase)
        assert inputs.dtype == torch.int64
        assert targets.dtype == torch.float32
        rows = torch.cat([inputs, targets[:, None].long()], dim=1).tolist()
        found |= {(user + 1, film + 1, rating) for user, film, rating in rows}
    assert found == set(lines)
    assert (data.num_examples("train"), data.num_examples("test")) == (5, 1)


def test_the_split_is_random_and_depends_on_its_seed(tmp_path: Path) -> None:
    """80 % of the ratings, of all users; the same whenever the file is read."""
    root = write_stand_in("movielens_100k", tmp_path, num_train=8000, num_test=2000)
    first, again, other = (movielens_100k(root=root, seed=seed) for seed in (0, 0, 1))
    pairs = [data.arrays("test").inputs for data in (first, again, other)]
    assert len(pairs[0]) == 2000
    assert torch.equal(pairs[0], pairs[1])
    assert not torch.equal(pairs[0], pairs[2])
    assert pairs[0][:, 0].min() < 50
    assert pairs[0][:, 0].max() > 900


def test_batches_are_gathered_from_the_ratings(tmp_path: Path) -> None:
    """Every training pair comes once an epoch, with its own rating."""
    data = movielens_100k(root=write_stand_in("movielens_100k", tmp_path))
    stored = data.arrays("train")
    batches = list(data.batches("train", batch_size=50))
    inputs = torch.cat([batch.inputs for batch in batches])
    targets = torch.cat([batch.targets for batch in batches])
    assert len(inputs) == 350
    known, seen = (
        {(*pair, rating) for pair, rating in zip(pairs.tolist(), ratings.tolist(), strict=True)}
        for pairs, ratings in (stored, (inputs, targets))
    )
    assert seen <= known


def lines(*rows: str) -> bytes:
    return packed("".join(f"{row}\n" for row in rows).encode())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a zip file"),
        (b"PK" + bytes(100), "not a zip file"),
        (packed(b"1\t1\t1\t1\n" * 9, member="ml-100k/u.item"), "no item named"),
        (packed(b""), "does not hold ratings"),
        (packed(b"1\t1\t1\t1\n"), "does not hold ratings"),
        (packed(b"\xff\xfe" * 50), "not a table of whole numbers"),
        (lines("1\t1\t3\t1", "1\t1\t3"), "not a table of whole numbers"),
        (lines("1\t1\t3\t1", "1\t1\t3.5\t1"), "not a table of whole numbers"),
        (lines("1\t1\t3\t1", f"1\t1\t{10**30}\t1"), "not a table of whole numbers"),
        (lines("1\t1\t3", "1\t1\t3"), "does not hold ratings"),
        (lines("1\t1\t3\t1", "0\t1\t3\t1"), "does not hold ratings"),
        (lines("1\t1\t3\t1", "1\t1\t3\t1"), "does not hold ratings"),  # none for testing
        (lines("1\t1\t3\t1", "944\t1\t3\t1"), "does not hold ratings"),
        (lines("1\t1\t3\t1", "1\t1683\t3\t1"), "does not hold ratings"),
        (lines("1\t1\t3\t1", "1\t1\t6\t1"), "does not hold ratings"),
        (packed(bytes(2**24 + 1)), "unpacks to more than 16,777,216 bytes"),
    ],
)
def test_a_damaged_archive_is_named_with_the_way_out(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    root = folder_with(tmp_path, content)
    with pytest.raises(CorruptDatasetError, match=reason) as caught:
        load_dataset("movielens_100k", root=root)
    assert str(root / ARCHIVE) in str(caught.value)
    assert "deepobs data prepare movielens_100k" in str(caught.value)
    assert str(caught.value).isprintable()


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    """The flag says so, whatever the content is."""
    content = bytearray(packed(b"1\t1\t1\t1\n" * 9))
    place = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 4)  # of the second file
    content[place + 8] |= 1
    with pytest.raises(CorruptDatasetError, match="encrypted"):
        load_dataset("movielens_100k", root=folder_with(tmp_path, bytes(content)))


def test_the_archive_is_fetched_and_stays_packed(prepare_served: Callable[[str], Path]) -> None:
    """From a server on loopback, with its checksum; a wrong one is noticed."""
    root = prepare_served("movielens_100k")
    assert [path.name for path in (root / "movielens").iterdir()] == ["ml-100k.zip"]
    assert load_dataset("movielens_100k", root=root).num_examples("train") == 352
    assert [found.status for found in verify_dataset("movielens_100k", root=root)] == ["ok"]
    (root / ARCHIVE).write_bytes((root / ARCHIVE).read_bytes()[:-1])
    assert [found.status for found in verify_dataset("movielens_100k", root=root)] == ["corrupt"]


def test_the_address_and_the_checksum_are_grouplens_own() -> None:
    """The checksum is the one that GroupLens publishes beside the archive."""
    (download,) = downloads("movielens_100k")
    assert download.urls == ("https://files.grouplens.org/datasets/movielens/ml-100k.zip",)
    assert download.checksum == "md5:0e33842e24a9c977be4e0107933c0723"


@pytest.mark.benchmark_data
def test_the_real_ratings(real_root: Any) -> None:
    """100,000 of them with the mean 3.53, by 943 users of 1,682 films."""
    data = movielens_100k(root=real_root(ARCHIVE))
    parts = [data.arrays(phase) for phase in ("train", "test")]
    pairs = torch.cat([part.inputs for part in parts])
    assert [len(part.inputs) for part in parts] == [80_000, 20_000]
    assert [len(np.unique(column)) for column in pairs.T] == [943, 1682]
    mean = torch.cat([part.targets for part in parts]).mean().item()
    assert mean == pytest.approx(3.52986, abs=1e-5)
