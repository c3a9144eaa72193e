"""Makes the embedded files of deepobs-data from the originals.

    python tools/embed_data.py tinyshakespeare/input.txt planetoid/

The first argument is karpathy/char-rnn's text, the second the folder of kimiyoung/planetoid's
`ind.cora.*`. The files are written to packages/deepobs-data/src/deepobs/data/embedded/.
"""

from __future__ import annotations

import bz2
import hashlib
import sys
from pathlib import Path

import numpy as np

from deepobs.data._cora import PLANETOID_PARTS, read_planetoid

EMBEDDED = Path(__file__).parents[1] / "packages/deepobs-data/src/deepobs/data/embedded"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"


def main(text: Path, planetoid: Path) -> None:
    """Writes both files."""
    content = text.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHAKESPEARE_SHA256:
        sys.exit(f"{text} is not the original text.")
    (EMBEDDED / "tiny_shakespeare.txt.bz2").write_bytes(bz2.compress(content, 9))
    graph = read_planetoid("cora", [planetoid / f"ind.cora.{part}" for part in PLANETOID_PARTS])
    np.savez_compressed(
        EMBEDDED / "cora.npz",
        counts=graph.counts.astype(np.uint8),
        words=graph.words.astype(np.uint16),
        num_words=np.uint16(graph.num_words),
        links=graph.links.astype(np.uint16),
        labels=graph.labels.astype(np.uint8),
        num_train=np.uint16(graph.num_train),
        num_test=np.uint16(graph.num_test),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
