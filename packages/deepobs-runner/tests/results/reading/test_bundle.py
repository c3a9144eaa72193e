"""Unpacking a bundle."""

import zipfile

import pytest

from deepobs.runner import UsageError
from deepobs.runner.bundles import verify


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "is not a bundle of results"),
        ({"a.json": b"{}"}, "has no manifest that can be read"),
        ({"../a.json": b"{}", "manifest.json": b"{}"}, "holds the name '../a.json'"),
    ],
    ids=["no archive", "no manifest", "a name that leads out"],
)
def test_what_is_no_bundle_is_refused(tmp_path, content, words):
    """In one sentence."""
    path = tmp_path / "x.deepobs"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in content.items():
                archive.writestr(name, held)
    with pytest.raises(UsageError, match=words):
        verify(path)
