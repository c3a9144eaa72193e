import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from deepobs.data import (
    CorruptDatasetError,
    Facts,
    FetchError,
    Phase,
    TokenShards,
    fineweb,
    open_shard,
    prepare_dataset,
    verify_dataset,
)
from deepobs.data._fineweb import FINEWEB_FILES
from deepobs.data._sources import POINTER, Download
from deepobs.data.testing import write_stand_in

TRAIN = [file for file in FINEWEB_FILES if "train" in file]


def shard(tokens: list[int] | np.ndarray, magic: int = 20240520, version: int = 1) -> bytes:
    """A shard as llm.c writes it: 256 numbers of 4 bytes, then the tokens of 2 bytes each."""
    head = struct.pack("<iii", magic, version, len(tokens)) + bytes(1012)
    return head + np.asarray(tokens, dtype="<u2").tobytes()


def write(path: Path, *sizes: int) -> list[Path]:
    """Shards of these sizes whose tokens count up, from one to the next."""
    paths = [path / f"{number}.bin" for number in range(len(sizes))]
    first = 0
    for file, size in zip(paths, sizes, strict=True):
        file.write_bytes(shard(np.arange(first, first + size)))
        first += size
    return paths


def counted(tmp_path: Path, *sizes: int, length: int = 4) -> TokenShards:
    shards = [open_shard("counted", path) for path in write(tmp_path, *sizes)]
    return TokenShards(
        "counted", train=shards, test=shards[:1], vocabulary_size=1000, sequence_length=length
    )


def starts(data: TokenShards, phase: Phase = "train", **chosen: Any) -> list[list[int]]:
    """The first tokens of the rows of each batch."""
    return [batch.inputs[:, 0].tolist() for batch in data.batches(phase, **chosen)]


def test_rows_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Shards of 13, 9 and 12 tokens have 3, 2 and 2 rows of four; a batch may span two shards."""
    data = counted(tmp_path, 13, 9, 12)
    assert (data.num_examples("train"), data.num_batches("train", 2)) == (7, 3)
    for seed, epoch in ((42, 0), (7, 3)):
        found = starts(data, batch_size=2, seed=seed, epoch=epoch)
        assert found == [[0, 4], [8, 13], [17, 22]]
    (batch,) = data.batches("test", batch_size=10)
    assert batch.inputs.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert torch.equal(batch.targets, batch.inputs + 1)
    assert batch.inputs.dtype == torch.int64
    assert data.facts == Facts(num_classes=1000, vocabulary_size=1000, sequence_length=4)


def test_a_pass_goes_on_anywhere_and_is_shared_by_processes(tmp_path: Path) -> None:
    """From batch `start` on, and the rows of all ranks make up the batch."""
    data = counted(tmp_path, 13, 9, 12)
    assert starts(data, batch_size=3, start=1) == [[13, 17, 22]]
    parts = [starts(data, batch_size=3, shard=(rank, 2)) for rank in (0, 1)]
    assert [a + b for a, b in zip(*parts, strict=True)] == [[0, 4, 8], [13, 17, 22]]
    steps = [batch.inputs[:, 0].tolist() for batch in data.steps(1, 3, batch_size=3)]
    assert steps == [[13, 17, 22], [0, 4, 8]]  # the text begins again


def test_phases_are_fixed_parts(tmp_path: Path) -> None:
    """As many rows of the training text as the test text has, and held-out rows that are apart."""
    data = counted(tmp_path, 13, 90)
    assert starts(data, "train_eval", batch_size=2) == starts(data, "train_eval", batch_size=2)
    assert data.num_examples("train_eval") == 3
    held_out = data.with_validation(0.3)
    train = {start for rows in starts(held_out, batch_size=1) for start in rows}
    valid = {start for rows in starts(held_out, "valid", batch_size=1) for start in rows}
    assert len(train) + len(valid) == data.num_examples("train")
    assert not train & valid
    assert sorted(train) == [start for rows in starts(held_out, batch_size=1) for start in rows]


def test_single_rows_and_other_ways_to_read(tmp_path: Path) -> None:
    """DataLoader gets rows in any order; there are neither arrays nor transforms."""
    data = counted(tmp_path, 13, 9, 12)
    loader = torch.utils.data.DataLoader(data, batch_size=7)
    inputs, targets = next(iter(loader))
    assert inputs[:, 0].tolist() == [0, 4, 8, 13, 17, 22, 26]
    assert torch.equal(targets, inputs + 1)
    assert data.to("cpu").device == torch.device("cpu")
    with pytest.raises(ValueError, match="does not fit in memory"):
        data.arrays("train")
    with pytest.raises(ValueError, match="takes no transform"):
        data.with_transform(lambda tokens: tokens)


def test_reading_is_memory_mapped(tmp_path: Path) -> None:
    """A shard of 20 MB is opened, and a batch of it read, without its content in memory."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.write(shard([])[:8] + struct.pack("<i", 10_000_000) + bytes(1012))
        file.truncate(1024 + 2 * 10_000_000)
    opened = open_shard("large", path)
    assert isinstance(opened.tokens, np.memmap)
    data = TokenShards(
        "large", train=[opened], test=[opened], vocabulary_size=10, sequence_length=1000
    )
    batch = next(data.batches("train", batch_size=2, start=4000))
    assert batch.inputs.shape == (2, 1000)


def test_the_stand_in_is_read_as_the_real_shards_are(tmp_path: Path) -> None:
    """All 18 of them, and others in the same folder; the test text is cut to 20 × 2^19 tokens."""
    root = write_stand_in("fineweb", tmp_path, num_train=40, num_test=3)
    data = fineweb(root=root)
    assert (data.num_examples("train"), data.num_examples("test")) == (40, 3)
    path = root / "fineweb10B/fineweb_train_000019.bin"
    path.write_bytes(shard(np.zeros(2049)))
    assert fineweb(root=root).num_examples("train") == 42
    (root / FINEWEB_FILES[0]).write_bytes(shard(np.zeros(20 * 2**19 + 5000)))
    assert fineweb(root=root).num_examples("test") == 20 * 2**9


HOSTILE = {
    "another format": (shard([1] * 3000, magic=20240521), "is not a shard of tokens"),
    "a later version": (shard([1] * 3000, version=2), "is a shard of version 2, not 1"),
    "empty": (b"", "is not a shard of tokens"),
    "half a header": (shard([])[:500], "is not a shard of tokens"),
    "cut off": (shard([1] * 3000)[:-1], r"says that it has 3,000 tokens, but has 2,999"),
    "too many": (
        struct.pack("<iii", 20240520, 1, 2**31 - 1) + bytes(1112),
        r"has 2,147,483,647 tokens, but has 50",
    ),
    "a negative number": (struct.pack("<iii", 20240520, 1, -5) + bytes(1112), r"has -5 tokens"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_damaged_shard_is_refused_in_a_sentence(tmp_path: Path, case: str) -> None:
    """When the data set is loaded, and when it is verified."""
    content, words = HOSTILE[case]
    root = write_stand_in("fineweb", tmp_path)
    path = root / TRAIN[3]
    path.write_bytes(content)
    with pytest.raises(CorruptDatasetError, match=words) as caught:
        fineweb(root=root)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith("run `deepobs data prepare fineweb`.")
    found = {status.file: status for status in verify_dataset("fineweb", root=root)}
    assert {file for file, status in found.items() if status.status != "ok"} == {path}
    assert found[path].reason == str(caught.value)


@pytest.mark.timeout(60)
def test_a_pipe_among_further_shards_is_refused(tmp_path: Path) -> None:
    """Nobody waits for it."""
    root = write_stand_in("fineweb", tmp_path)
    os.mkfifo(root / "fineweb10B/fineweb_train_000020.bin")
    with pytest.raises(CorruptDatasetError, match="is not a regular file"):
        fineweb(root=root)


def test_numbers_that_are_no_tokens_are_refused(tmp_path: Path) -> None:
    """They would be out of an embedding's range: found as the batch is read, and by verifying."""
    root = write_stand_in("fineweb", tmp_path)
    (root / TRAIN[0]).write_bytes(shard([50_257] * 3000))
    with pytest.raises(CorruptDatasetError, match=r"has the token 50257.*data verify fineweb"):
        next(fineweb(root=root).batches("train", batch_size=2))
    (found,) = (s for s in verify_dataset("fineweb", root=root) if s.status != "ok")
    assert "has the token 50257" in found.reason


def test_shards_without_a_row_are_refused(tmp_path: Path) -> None:
    """One sentence that says what a row needs."""
    with pytest.raises(CorruptDatasetError, match="has no 11 tokens in a shard of counted"):
        counted(tmp_path, 10, 9, length=10)
    with pytest.raises(ValueError, match="sequence_length must be 1 or more, but is 0"):
        counted(tmp_path, 10, 9, length=0)


@pytest.fixture
def served(tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """FineWeb's files on a server, each with a Git LFS pointer; prepares them."""
    folder = write_stand_in("fineweb", tmp_path / "served", num_train=20, num_test=2)
    sources = []
    for file in FINEWEB_FILES:
        content, name = (folder / file).read_bytes(), Path(file).name
        oid = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 1\n"
        server.files[f"/{name}"], server.files[f"/raw/{name}"] = content, pointer.encode()
        sources.append(
            Download((server.url(f"/{name}"),), POINTER + server.url(f"/raw/{name}"), file)
        )
    monkeypatch.setattr("deepobs.data._prepare.downloads", lambda name: tuple(sources))
    return lambda: prepare_dataset("fineweb", root=tmp_path / "new")


def test_fetched_shards_have_the_checksums_of_their_pointers(
    served: Callable[[], Path], server: Any
) -> None:
    """Every shard is checked against the SHA-256 that its pointer states."""
    root = served()
    assert {status.status for status in verify_dataset("fineweb", root=root)} == {"ok"}
    name = Path(TRAIN[0]).name
    (root / TRAIN[0]).unlink()
    pointer = server.files[f"/raw/{name}"]
    server.files[f"/raw/{name}"] = b"<html>Entry not found</html>"
    with pytest.raises(FetchError, match=f"The checksum of {name} could not be fetched"):
        served()
    server.files[f"/raw/{name}"] = pointer
    server.files[f"/{name}"] = shard([1, 2, 3])
    with pytest.raises(FetchError, match="the checksum is wrong"):
        served()
    assert not (root / TRAIN[0]).exists()


def test_a_pointer_that_is_missing_is_named(served: Callable[[], Path], server: Any) -> None:
    """With its address; nothing is fetched without a checksum."""
    name = Path(FINEWEB_FILES[0]).name
    del server.files[f"/raw/{name}"]
    with pytest.raises(FetchError, match=rf"checksum of {name} could not .*/raw/{name}") as caught:
        served()
    assert "\n" not in str(caught.value)
    assert f"/{name}" not in server.requests


def test_reading_equals_a_loop_over_files(tmp_path: Path) -> None:
    """Shards of random sizes, some of which are too short for a row."""
    sizes = np.random.default_rng(0).integers(1, 60, 12).tolist()
    data, length = counted(tmp_path, *sizes, length=7), 7
    expected, first = [], 0
    for size in sizes:
        tokens = list(range(first, first + size))
        expected += [tokens[i : i + length] for i in range(0, size - length, length)]
        first += size
    (batch,) = data.batches("train", batch_size=len(expected))
    assert batch.inputs.tolist() == expected
