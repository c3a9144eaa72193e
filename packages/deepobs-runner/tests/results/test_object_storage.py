"""Addresses of object storage, which cannot hold results."""

from pathlib import Path

import pytest

from deepobs.runner import UsageError
from deepobs.runner.results import ResultsStore


@pytest.mark.parametrize("kind", [str, Path])
@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_an_address_of_object_storage_is_refused(scheme, kind, tmp_path, monkeypatch):
    """Nothing is written to a folder that is named like an address."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"must be a folder, not the address {scheme}://bucket/x"):
        ResultsStore(kind(f"{scheme}://bucket/x"))
    assert list(tmp_path.iterdir()) == []
