"""A folder of bundles as a site: checked, merged and free of private data."""

import getpass
import hashlib
import json
import platform
import shutil
import zipfile
from pathlib import Path

import benchmark_cases
import pytest

from deepobs.runner import UsageError, leaderboard
from deepobs.runner.bundles import bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The bundle of a benchmark of a user's optimizer and SGD."""
    folder = tmp_path_factory.mktemp("benchmark")
    benchmark_cases.run_benchmark(folder / "private-folder-2935")
    return bundle([folder / "private-folder-2935"], folder / "made.deepobs").path


@pytest.fixture
def bundles(made, tmp_path):
    """A folder with that bundle."""
    folder = tmp_path / "bundles"
    folder.mkdir()
    shutil.copy(made, folder / "a.deepobs")
    return folder


def _changed(path, change):
    """Writes a bundle again with other content and new sums."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(files)
    manifest["files"] = {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, held in {"manifest.json": json.dumps(manifest).encode(), **files}.items():
            archive.writestr(name, held)


def test_the_site_shows_every_method_and_its_commands(bundles, tmp_path):
    """One page with the matrix, one per problem with the search's and the run's command."""
    site = leaderboard(bundles, tmp_path / "site")
    assert (site.bundles, site.methods, site.problems, site.pages) == (1, 2, 1, 2)
    assert site.path == tmp_path / "site" / "index.html"
    index = site.path.read_text()
    assert 'href="demo-budget-2/problem-digits_logreg.html#at=problem-digits_logreg' in index
    assert "a.deepobs" in index
    page = (tmp_path / "site/demo-budget-2/problem-digits_logreg.html").read_text()
    search = (
        "deepobs benchmark users_sign.SignSGD --set digits_logreg --protocol demo "
        "--budget &#39;2 trials&#39; --space lr=log:1e-4:1e-1"
    )
    assert search in page.replace("0.0001:0.1", "1e-4:1e-1")
    assert "deepobs run digits_logreg users_sign.SignSGD --lr" in page
    assert 'href="../index.html"' in page


def test_the_same_results_in_two_bundles_count_once(bundles, tmp_path):
    """Of a search that is in several bundles, the first one's counts."""
    shutil.copy(bundles / "a.deepobs", bundles / "b.deepobs")
    index = leaderboard(bundles, tmp_path / "site").path.read_text()
    assert "24 runs, 1 problem, 2 methods" in index
    assert "b.deepobs" not in index


def test_a_broken_bundle_is_named(bundles, tmp_path):
    """In one sentence, and nothing is written."""
    (bundles / "b.deepobs").write_bytes(b"no archive")
    with pytest.raises(UsageError, match=r"^The bundle b\.deepobs cannot be read: "):
        leaderboard(bundles, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_changed_bundle_is_named(bundles, tmp_path):
    """With its first fault and the number of the others."""
    with zipfile.ZipFile(bundles / "a.deepobs", "a") as archive:
        archive.writestr("more.json", "{}")
        archive.writestr("most.json", "{}")
    wanted = (
        "The bundle a.deepobs is broken: more.json was added: it is not in the manifest. "
        "It has 1 other fault; `deepobs verify` lists all."
    )
    with pytest.raises(UsageError) as refused:
        leaderboard(bundles, tmp_path / "site")
    assert str(refused.value) == wanted


def test_two_optimizers_of_one_name_are_refused(bundles, tmp_path):
    """Their runs would count as those of one method."""
    shutil.copy(bundles / "a.deepobs", bundles / "b.deepobs")

    def edit(files):
        (name,) = [name for name in files if name.startswith("sources/")]
        text = files.pop(name) + b"\n# another one\n"
        before, now = name.rpartition("-")[2][:12], hashlib.sha256(text).hexdigest()
        files[name.replace(before, now[:12])] = text
        for held in [held for held in files if "SignSGD/tuning__" in held]:
            search = json.loads(files[held])
            search["sources"][0]["sha256"] = now
            files[held] = json.dumps(search).encode()

    _changed(bundles / "b.deepobs", edit)
    with pytest.raises(UsageError, match=r"^a\.deepobs and b\.deepobs hold different optimizers"):
        leaderboard(bundles, tmp_path / "site")


def test_nothing_private_is_on_the_site(bundles, tmp_path):
    """No name of a machine, a user or a folder."""
    leaderboard(bundles, tmp_path / "site")
    text = "".join(path.read_text() for path in (tmp_path / "site").rglob("*.html"))
    private = {"private-folder-2935", platform.node(), str(tmp_path), str(Path.home())}
    if getpass.getuser() != "root":  # a word of its own
        private.add(getpass.getuser())
    assert [word for word in private if len(word) > 3 and word in text] == []


def test_there_must_be_bundles(tmp_path):
    """A missing folder, one without bundles, and a file in place of the site are named."""
    with pytest.raises(UsageError, match="There is no folder"):
        leaderboard(tmp_path / "none", tmp_path / "site")
    with pytest.raises(UsageError, match="There is no bundle in"):
        leaderboard(tmp_path, tmp_path / "site")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file; expected a folder"):
        leaderboard(tmp_path, tmp_path / "file")


def test_the_command(deepobs, bundles, tmp_path, capsys):
    """It says what it wrote."""
    assert deepobs("leaderboard", bundles, "-o", tmp_path / "site") == 0
    said = capsys.readouterr().out
    assert said.endswith("index.html: 2 methods on 1 problem from 1 bundle, 2 pages.\n")
