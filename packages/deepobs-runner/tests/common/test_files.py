"""Reading files of any kind and size, and writing to any file system."""

import errno
import os

import pytest

from deepobs.runner import ResultsError, UsageError
from deepobs.runner.bundles import verify
from deepobs.runner.common import read_file, write_atomically
from deepobs.runner.results import read_record, read_search


@pytest.fixture
def huge(tmp_path):
    """A sparse file of 50 GB, which takes no space."""
    path = tmp_path / "random_seed__1__huge.json"
    path.touch()
    os.truncate(path, 50 * 10**9)
    return path


def test_a_regular_file_is_read(tmp_path):
    """As it is."""
    path = tmp_path / "a.json"
    path.write_bytes(b"{}")
    assert read_file(path) == b"{}"


@pytest.mark.parametrize("read", [read_file, read_record, read_search])
def test_a_huge_file_is_refused_unread(read, huge):
    """Its size is looked at first, so that it does not fill the memory."""
    with pytest.raises(OSError, match="it is larger than 256 MiB"):
        read(huge)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("read", [read_file, read_record, read_search])
def test_a_pipe_does_not_block(read, tmp_path):
    """Nothing waits for somebody who writes to it."""
    path = tmp_path / "pipe.json"
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is not a regular file"):
        read(path)


def test_a_huge_bundle_is_refused_unread(huge):
    """By its last bytes, without reading the rest."""
    path = huge.rename(huge.with_suffix(".deepobs"))
    with pytest.raises(UsageError, match="is not a bundle of results: it is not a zip file"):
        verify(path)


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_that_cannot_flush_keeps_the_file(tmp_path, monkeypatch, number):
    """Network file systems answer so; the file is there, which is what counts."""

    def refuse(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    assert write_atomically(tmp_path / "a.json", b"{}")
    assert (tmp_path / "a.json").read_bytes() == b"{}"


def test_a_disk_that_fails_to_flush_is_an_error(tmp_path, monkeypatch):
    """The content may be lost then, so the file does not get its name."""

    def fail(_descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ResultsError, match="could not be written: Input/output error"):
        write_atomically(tmp_path / "a.json", b"{}")
    assert list(tmp_path.iterdir()) == []
