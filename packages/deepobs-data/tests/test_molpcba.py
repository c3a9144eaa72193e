import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from deepobs.data import CorruptDatasetError, Facts, GraphDataset, Phase, ogbg_molpcba
from deepobs.data._molpcba import MOLPCBA_FILES
from deepobs.data.testing import write_stand_in

Rows = list[list[str]]


def tables(root: Path) -> dict[str, Rows]:
    """The tables of the archive, read by Python's csv module."""
    found = {}
    with zipfile.ZipFile(root / MOLPCBA_FILES[0]) as archive:
        for name in archive.namelist():
            text = gzip.decompress(archive.read(name)).decode()
            found[name.removeprefix("pcba/").removesuffix(".csv.gz")] = list(
                csv.reader(io.StringIO(text))
            )
    return found


def rewrite(root: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Replaces one table of the archive by what `change` makes of its packed bytes."""
    path = root / MOLPCBA_FILES[0]
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[f"pcba/{name}.csv.gz"] = change(parts[f"pcba/{name}.csv.gz"])
    with zipfile.ZipFile(path, "w") as archive:
        for key, content in parts.items():
            archive.writestr(key, content)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_stand_in("ogbg_molpcba", tmp_path, num_train=12, num_test=5)


def expected(root: Path, phase: str) -> list[dict[str, list[list[float]]]]:
    """The graphs of a part of the split, by a loop over all of them."""
    found, node, edge = tables(root), 0, 0
    graphs = []
    counts = zip(found["raw/num-node-list"], found["raw/num-edge-list"], strict=True)
    for number, ((nodes,), (edges,)) in enumerate(counts):
        own = slice(node, node + int(nodes)), slice(edge, edge + int(edges))
        graph = {
            "nodes": found["raw/node-feat"][own[0]],
            "edges": found["raw/edge-feat"][own[1]],
            "links": found["raw/edge"][own[1]],
            "targets": [[field or "nan" for field in found["raw/graph-label"][number]]],
        }
        graphs.append({k: [[float(f) for f in row] for row in rows] for k, rows in graph.items()})
        node, edge = node + int(nodes), edge + int(edges)
    return [graphs[int(number)] for (number,) in found[f"split/scaffold/{phase}"]]


@pytest.mark.parametrize("phase", ["valid", "test"])
def test_reading_equals_a_loop_over_graphs(root: Path, phase: Phase) -> None:
    """Features, links and results of every graph, and zeros after them."""
    data = ogbg_molpcba(root=root).with_validation()
    graphs = expected(root, phase)
    (batch,) = data.batches(phase, batch_size=100)
    assert len(graphs) == data.num_examples(phase) == batch.num_examples == 5
    for i, graph in enumerate(graphs):
        nodes, edges = len(graph["nodes"]), len(graph["edges"])
        assert (int(batch.inputs.node_counts[i]), int(batch.inputs.edge_counts[i])) == (
            nodes,
            edges,
        )
        assert batch.inputs.nodes[i, :nodes].tolist() == graph["nodes"]
        assert batch.inputs.edges[i, :edges].tolist() == graph["edges"]
        assert batch.inputs.links[i, :edges].tolist() == graph["links"]
        assert not batch.inputs.nodes[i, nodes:].any()
        assert not batch.inputs.links[i, edges:].any()
        target = torch.tensor(graph["targets"][0])
        torch.testing.assert_close(batch.targets[i], target, rtol=0, atol=0, equal_nan=True)
    assert batch.targets.isnan().any()
    assert data.facts == Facts(num_features=9)


def rows_of(data: GraphDataset, phase: Phase, **chosen: object) -> list[list[float]]:
    """What tells the graphs of a pass apart: their results."""
    batches = data.batches(phase, **chosen)  # type: ignore[arg-type]
    return [row for batch in batches for row in batch.targets.nan_to_num(-1).tolist()]


def test_a_batch_is_split_and_shared_by_graphs(root: Path) -> None:
    """Parts of a batch, shards, and the rest of a pass have the graphs of the whole."""
    data = ogbg_molpcba(root=root)
    whole = rows_of(data, "train", batch_size=6)
    assert len(whole) == 12
    assert whole != rows_of(data, "train", batch_size=6, epoch=1)
    assert rows_of(data, "train", batch_size=6, start=1) == whole[6:]
    parts = [rows_of(data, "train", batch_size=6, shard=(rank, 2)) for rank in (0, 1)]
    assert parts[0][:3] + parts[1][:3] + parts[0][3:] + parts[1][3:] == whole
    batch = next(data.batches("train", batch_size=6))
    halves = batch.chunk(2)
    assert [half.num_examples for half in halves] == [3, 3]
    assert torch.equal(halves[1].inputs.node_counts, batch.inputs.node_counts[3:])


def test_what_graphs_do_not_have(root: Path) -> None:
    """One sentence each."""
    data = ogbg_molpcba(root=root)
    with pytest.raises(ValueError, match="has graphs of many sizes"):
        data.arrays("train")
    with pytest.raises(ValueError, match="takes no transform"):
        data.with_transform(lambda graphs: graphs)
    with pytest.raises(ValueError, match="validation split already"):
        data.with_validation().with_validation()


def packed(text: str) -> Callable[[bytes], bytes]:
    return lambda content: gzip.compress(text.encode())


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "words": ("raw/edge-feat", packed("a,b,c\n"), "is not a table of numbers"),
    "a field too few": ("raw/edge-feat", packed("1,2,3\n1,2\n"), "does not hold 3 numbers a line"),
    "a gap": ("raw/edge-feat", packed("1,,3\n"), "table of numbers|3 numbers a line"),
    "a fraction": ("raw/node-feat", packed("0.5" + ",1" * 8 + "\n"), "does not hold 9 numbers"),
    "too large": ("raw/node-feat", packed("256" + ",1" * 8 + "\n"), "9 numbers a line, 0 to 255"),
    "negative": ("raw/num-node-list", packed("-1\n"), "does not hold 1 numbers a line"),
    "nothing": ("raw/num-node-list", packed(""), "numbers a line|table of numbers"),
    "other graphs": ("raw/num-node-list", packed("3\n4\n"), "does not fit together"),
    "no such node": (
        "raw/edge",
        lambda content: gzip.compress(b"999,0" + gzip.decompress(content)[3:]),
        "does not fit together",
    ),
    "no such graph": ("split/scaffold/test", packed("22\n"), "0 to 21"),
    "not packed": ("raw/edge", lambda content: b"1,2\n", "cannot be unpacked"),
    "cut off": ("raw/edge", lambda content: content[:-9], "is cut off"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_table_is_refused_in_a_sentence(root: Path, case: str) -> None:
    """It names the table and the archive, and the way out."""
    name, change, words = DAMAGE[case]
    rewrite(root, name, change)
    with pytest.raises(CorruptDatasetError, match=words) as caught:
        ogbg_molpcba(root=root)
    message = str(caught.value)
    assert str(root / MOLPCBA_FILES[0]) in message
    assert message.endswith("delete it and run `deepobs data prepare ogbg_molpcba`.")
    assert "\n" not in message


def test_results_may_begin_and_end_with_gaps(root: Path) -> None:
    """Empty fields next to each other, and at the ends of lines."""
    gaps = ",".join([""] * 64 + ["1.0"] + [""] * 63) + "\n"
    rewrite(root, "raw/graph-label", packed(gaps * 22))
    (batch,) = ogbg_molpcba(root=root).batches("test", batch_size=9)
    assert batch.targets[:, 64].tolist() == [1.0] * 5
    assert int(batch.targets.isnan().sum()) == 5 * 127
