"""FineWeb-10B as shards of GPT-2's tokens."""

from __future__ import annotations

import os
from pathlib import Path

from ._root import reading, require_files, resolve_root
from ._shards import TokenShards, check_shard, open_shard

FOLDER = "fineweb10B"
NUM_SHARDS = 18  # of 100 million tokens: as many as 3,250 steps of 512 rows of 1,024 take
FINEWEB_FILES = (
    f"{FOLDER}/fineweb_val_000000.bin",
    *(f"{FOLDER}/fineweb_train_{number:06}.bin" for number in range(1, NUM_SHARDS + 1)),
)
VOCABULARY_SIZE = 50_257  # of GPT-2's encoding
TEST_TOKENS = 20 * 2**19


def fineweb(
    *, root: str | os.PathLike[str] | None = None, sequence_length: int = 1024
) -> TokenShards:
    """Loads FineWeb-10B: text of the web as tokens of GPT-2, streamed from disk.

    `deepobs data prepare` fetches the first 18 of 103 training shards, 1.8 billion tokens. Further
    shards in the same folder, named alike, are read too. The test text is the first 10,485,760
    tokens of the validation shard. No documents are aligned: a row may begin within one.

    Args:
        root: The folder of the data sets; by default $DEEPOBS_DATA_DIR, else the user's cache.
        sequence_length: T, the number of tokens of a row.

    Returns:
        Inputs and targets `[N, T]`, int64 below 50,257.

    Raises:
        DatasetNotFoundError: If a file is missing.
        CorruptDatasetError: If a file does not hold what it should.

    Source: Penedo and others. The FineWeb datasets. NeurIPS 2024. The shards are those of
    huggingface.co/datasets/kjj0/fineweb10B-gpt2, which github.com/KellerJordan/modded-nanogpt uses.
    """
    base = resolve_root(root)
    test, *train = require_files("fineweb", base, FINEWEB_FILES)
    train = sorted({*train, *_further(base / FOLDER)})
    return TokenShards(
        "fineweb",
        train=[open_shard("fineweb", path) for path in train],
        test=[open_shard("fineweb", test)],
        vocabulary_size=VOCABULARY_SIZE,
        sequence_length=sequence_length,
        most_test_rows=max(1, TEST_TOKENS // max(1, sequence_length)),
    )


def check_fineweb(path: Path) -> None:
    """Reads all of a shard.

    Raises:
        CorruptDatasetError: If it is not a shard, or has a number that is not a token.
        DataRootError: If it may not be read.
    """
    check_shard("fineweb", path, VOCABULARY_SIZE)


def _further(folder: Path) -> list[Path]:
    with reading(folder):
        return list(folder.glob("fineweb_train_[0-9][0-9][0-9][0-9][0-9][0-9].bin"))
