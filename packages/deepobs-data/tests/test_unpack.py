import gzip
import io
import tarfile
from pathlib import Path

import pytest

from deepobs.data import CorruptDatasetError
from deepobs.data._unpack import unpack


def write_tar(
    path: Path,
    members: dict[str, bytes],
    links: dict[str, str] | None = None,
    kind: bytes = tarfile.SYMTYPE,
) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, aim in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, aim
            tar.addfile(info)


def test_the_wanted_files_are_unpacked(tmp_path: Path) -> None:
    """And no others."""
    write_tar(tmp_path / "x.tar.gz", {"d/a": b"1", "d/b": b"2", "d/c": b"3"})
    unpack(tmp_path / "x.tar.gz", tmp_path, ("d/a", "d/c"))
    assert sorted(path.name for path in (tmp_path / "d").iterdir()) == ["a", "c"]
    assert (tmp_path / "d/c").read_bytes() == b"3"


def test_a_compressed_file_is_unpacked(tmp_path: Path) -> None:
    """As one file."""
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"content"))
    unpack(tmp_path / "a.gz", tmp_path, ("a",))
    assert (tmp_path / "a").read_bytes() == b"content"


@pytest.mark.parametrize("name", ["../evil", "/tmp/deepobs-evil", "d/../../evil"])
def test_nothing_lands_outside_the_folder(tmp_path: Path, name: str) -> None:
    """Whatever else an archive holds."""
    root = tmp_path / "inside/root"
    root.mkdir(parents=True)
    write_tar(root / "x.tar.gz", {name: b"evil", "d/a": b"1"})
    unpack(root / "x.tar.gz", root, ("d/a",))
    found = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert found == {"inside", "inside/root", "inside/root/d", "inside/root/d/a"} | {
        "inside/root/x.tar.gz"
    }
    assert not Path("/tmp/deepobs-evil").exists()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A wanted file that is a link to another place is refused."""
    (tmp_path / "secret").write_bytes(b"secret")
    write_tar(tmp_path / "x.tar.gz", {}, {"d/a": "../secret"})
    with pytest.raises(CorruptDatasetError, match="not a regular file"):
        unpack(tmp_path / "x.tar.gz", tmp_path, ("d/a",))
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("aim", ["d/b", "../secret"])
def test_a_hard_link_is_not_followed(tmp_path: Path, aim: str) -> None:
    """Neither to another file of the archive nor to one outside."""
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "root").mkdir()
    archive = tmp_path / "root/x.tar.gz"
    write_tar(archive, {"d/b": b"1"}, {"d/a": aim}, kind=tarfile.LNKTYPE)
    with pytest.raises(CorruptDatasetError, match="not a regular file"):
        unpack(archive, tmp_path / "root", ("d/a",))
    assert not (tmp_path / "root/d").exists()


def test_a_missing_member_is_an_error(tmp_path: Path) -> None:
    """It names the archive."""
    write_tar(tmp_path / "x.tar.gz", {"d/a": b"1"})
    with pytest.raises(CorruptDatasetError, match=r"x\.tar\.gz cannot be unpacked"):
        unpack(tmp_path / "x.tar.gz", tmp_path, ("d/b",))


@pytest.mark.parametrize("name", ["x.tar.gz", "a.gz"])
def test_a_broken_archive_leaves_no_half_files(tmp_path: Path, name: str) -> None:
    """It is named, and what it should have given is not there."""
    if name == "a.gz":
        (tmp_path / name).write_bytes(gzip.compress(bytes(range(256)) * 1000))
    else:
        write_tar(tmp_path / name, {"a": bytes(range(256)) * 1000})
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptDatasetError, match="cannot be unpacked"):
        unpack(tmp_path / name, tmp_path, ("a",))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_partial_file_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    """What it points to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "file.part").symlink_to(victim)
    archive = tmp_path / "file.gz"
    archive.write_bytes(gzip.compress(b"content"))
    unpack(archive, tmp_path, ("file",))
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "file").read_bytes() == b"content"
