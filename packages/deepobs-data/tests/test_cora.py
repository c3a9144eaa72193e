import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch
from torch import Tensor

from deepobs.data import Batch, CorruptDatasetError, Facts, cora, cora_planetoid, load_dataset
from deepobs.data.testing import write_stand_in


def batch(data: Any, phase: str) -> Batch:
    found: Batch
    (found,) = data.batches(phase, batch_size=data.num_examples("train"))
    return found


def test_the_graph_has_coras_numbers() -> None:
    """2,708 papers, 1,433 words, 5,278 citations, 140 / 500 / 1,000 papers in the split."""
    data = cora().with_validation()
    assert data.facts == Facts(num_classes=7, num_features=1433, num_nodes=2708)
    features, edges, _ = batch(data, "train").inputs
    assert features.shape == (2708, 1433)
    assert edges.shape == (2, 2 * 5278)
    sizes = {phase: data.num_examples(phase) for phase in data.phases}
    assert sizes == {"train": 140, "train_eval": 140, "valid": 500, "test": 1000}


def test_training_has_twenty_papers_of_each_field() -> None:
    """As Planetoid chose them."""
    assert batch(cora(), "train").targets.bincount().tolist() == [20] * 7


def test_no_paper_is_in_two_parts_of_the_split() -> None:
    """And the classes are those of the nodes asked for."""
    data = cora().with_validation()
    nodes = [batch(data, phase).inputs.nodes for phase in ("train", "valid", "test")]
    assert len(torch.cat(nodes).unique()) == 140 + 500 + 1000
    for phase in ("train", "valid", "test"):
        assert len(batch(data, phase).targets) == len(batch(data, phase).inputs.nodes)


def test_edges_go_both_ways_once_and_never_to_the_same_paper() -> None:
    """The adjacency matrix is symmetric and has no diagonal."""
    edges = batch(cora(), "train").inputs.edges
    keys = edges[0] * 2708 + edges[1]
    assert torch.equal(keys.sort().values, (edges[1] * 2708 + edges[0]).sort().values)
    assert len(keys.unique()) == len(keys)
    assert (edges[0] != edges[1]).all()


def test_features_are_words_divided_by_their_number() -> None:
    """Each row adds up to 1, as Kipf and Welling normalize it."""
    features: Tensor = batch(cora(), "train").inputs.features
    torch.testing.assert_close(features.sum(dim=1), torch.ones(2708))
    assert len(features[0].unique()) == 2


def same(one: Any, other: Any) -> bool:
    """Whether two data sets have the same batches."""
    return all(
        torch.equal(a, b)
        for phase in ("train", "valid", "test")
        for a, b in zip(
            (*batch(one, phase).inputs, batch(one, phase).targets),
            (*batch(other, phase).inputs, batch(other, phase).targets),
            strict=True,
        )
    )


@pytest.mark.benchmark_data
def test_the_embedded_graph_is_the_original_files(real_root: Any) -> None:
    """Tensor for tensor."""
    root = real_root("planetoid/ind.cora.x")
    assert same(cora_planetoid(root=root).with_validation(), cora().with_validation())


def test_the_original_files_are_put_in_order(tmp_path: Path) -> None:
    """Features and classes of the test nodes come in the order of `test.index`."""
    write_stand_in("cora_planetoid", tmp_path, num_train=5, num_test=4)
    folder = tmp_path / "planetoid"
    known = 5 + 500 + 10
    words = np.eye(20, dtype=np.float32)[[3, 1, 0, 2]]
    (folder / "ind.cora.tx").write_bytes(pickle.dumps(scipy.sparse.csr_matrix(words), protocol=2))
    (folder / "ind.cora.ty").write_bytes(pickle.dumps(np.eye(7)[[3, 1, 0, 2]], protocol=2))
    (folder / "ind.cora.test.index").write_text("".join(f"{known + i}\n" for i in (3, 1, 0, 2)))
    test = batch(cora_planetoid(root=tmp_path), "test")
    assert test.inputs.nodes.tolist() == [known + i for i in range(4)]
    assert test.targets.tolist() == [0, 1, 2, 3]
    assert test.inputs.features[-4:].argmax(dim=1).tolist() == [0, 1, 2, 3]


MANY = [1] * 100_000  # a list that a small pickle can name again and again


def sparse(matrix: Any) -> bytes:
    return pickle.dumps(scipy.sparse.csr_matrix(np.asarray(matrix, np.float32)), protocol=2)


class Bomb:
    """Unpickled by the usual means, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def test_no_file_runs_code(tmp_path: Path) -> None:
    """Each of the pickles."""
    for part in ("x", "tx", "allx", "y", "ty", "ally", "graph"):
        root = write_stand_in("cora_planetoid", tmp_path / part)
        trace = root / "trace"
        (root / f"planetoid/ind.cora.{part}").write_bytes(pickle.dumps(Bomb(trace), protocol=2))
        with pytest.raises(CorruptDatasetError, match=r"asks for .*getattr"):
            cora_planetoid(root=root)
        assert not trace.exists()


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        ("x", b"", "broken pickle"),
        ("x", pickle.dumps([1, 2], protocol=2), "not a sparse matrix"),
        ("x", sparse(np.full((300, 20), 2)), "not a sparse matrix of ones"),
        ("x", sparse(np.eye(20)), "do not fit together"),
        ("allx", sparse(np.eye(20)), "do not fit together"),
        ("y", pickle.dumps(np.zeros((300, 7)), protocol=2), "exactly one class"),
        ("y", pickle.dumps(np.full((300, 7), 5), protocol=2), "not a table of classes"),
        ("y", pickle.dumps(np.eye(300), protocol=2)[:-200], "broken pickle|content"),
        ("graph", pickle.dumps([1], protocol=2), "not a graph"),
        ("graph", pickle.dumps({}, protocol=2), "not a graph of 950 nodes"),
        ("graph", pickle.dumps({0: [950]}, protocol=2), "not a graph of 950 nodes"),
        ("graph", pickle.dumps({0: [-1]}, protocol=2), "not a graph of 950 nodes"),
        ("graph", pickle.dumps({0: [2**70]}, protocol=2), "too large"),
        ("graph", pickle.dumps({"a": [1]}, protocol=2), "not a graph"),
        ("graph", pickle.dumps({0: np.array([np.nan])}, protocol=2), "not a graph"),
        ("graph", pickle.dumps({0: np.array([1.5])}, protocol=2), "not a graph"),
        ("graph", pickle.dumps(dict.fromkeys(range(500), MANY), protocol=2), "more than .* links"),
        ("test.index", b"", "not a list of nodes"),
        ("test.index", b"1\n2\n", "do not fit together"),
        ("test.index", b"1\nx\n", "not a list of nodes"),
        ("test.index", "²\n".encode(), "not a list of nodes"),
        ("test.index", b"9" * 5000, "not a list of nodes"),
    ],
)
def test_a_damaged_file_is_named_with_the_way_out(
    tmp_path: Path, part: str, content: bytes, reason: str
) -> None:
    """One sentence: which file, what is wrong, and what to do."""
    root = write_stand_in("cora_planetoid", tmp_path)
    (root / f"planetoid/ind.cora.{part}").write_bytes(content)
    with pytest.raises(CorruptDatasetError, match=reason) as caught:
        cora_planetoid(root=root)
    assert str(root / "planetoid") in str(caught.value)
    assert "deepobs data prepare cora_planetoid" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reading_takes_time_in_proportion_to_the_files(tmp_path: Path) -> None:
    """200,000 nodes for testing; with a time that grows as their square it would take minutes."""
    root = write_stand_in("cora_planetoid", tmp_path)
    folder, count = root / "planetoid", 200_000
    known = len(pickle.loads((folder / "ind.cora.ally").read_bytes()))
    words = pickle.loads((folder / "ind.cora.tx").read_bytes()).shape[1]
    ones = (np.ones(count, np.float32), np.zeros(count, int), np.arange(count + 1))
    matrix = scipy.sparse.csr_matrix(ones, shape=(count, words))
    (folder / "ind.cora.tx").write_bytes(pickle.dumps(matrix, protocol=2))
    (folder / "ind.cora.ty").write_bytes(pickle.dumps(np.eye(7)[np.zeros(count, int)], protocol=2))
    (folder / "ind.cora.test.index").write_text("\n".join(map(str, range(known, known + count))))
    assert cora_planetoid(root=root).num_examples("test") == count


@pytest.mark.parametrize("load", [cora, lambda: load_dataset("cora")])
def test_nothing_is_needed_to_load_it(load: Callable[[], Any]) -> None:
    """It is in the package."""
    assert load().name == "cora"
