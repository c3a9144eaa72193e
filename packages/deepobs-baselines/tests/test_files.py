"""The files of the package: their origin and licences are beside them."""

import zipfile
from importlib.resources import files

from deepobs.baselines import PUBLISHED, references


def test_origin_and_licence_are_beside_the_data():
    """Both travel in the wheel."""
    folder = files("deepobs.baselines")
    assert "DeepOBS_Baselines" in (folder / "ORIGIN.md").read_text()
    assert "MIT License" in (folder / "LICENSE-DeepOBS_Baselines.txt").read_text()
    assert PUBLISHED.read_bytes()[:4] == b"PAR1"


def test_references_are_bundles():
    """One for each optimizer, named after it."""
    for path in references():
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
        assert all(f"/{path.stem}/" in name for name in names if name != "manifest.json")
