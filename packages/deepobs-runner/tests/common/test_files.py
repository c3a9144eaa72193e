"""Reading files of any kind and size."""

import os

import pytest

from deepobs.runner import UsageError
from deepobs.runner.bundles import verify
from deepobs.runner.common import read_file
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
