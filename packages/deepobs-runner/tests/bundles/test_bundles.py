"""Bundles of results: what they hold, what tampering is found, how they merge."""

import getpass
import hashlib
import json
import os
import platform
import zipfile
from html import unescape
from pathlib import Path

import benchmark_cases
import pytest

from deepobs.runner import UsageError, load_records, write_report
from deepobs.runner.bundles import bundle, verify


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of a small benchmark."""
    folder = tmp_path_factory.mktemp("results")
    outcome = benchmark_cases.run_benchmark(folder)
    assert not outcome.failed
    return folder


@pytest.fixture
def made(results, tmp_path, monkeypatch):
    """A bundle of them; bundles are unpacked into a cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return bundle([results], tmp_path / "made.deepobs").path


@pytest.fixture
def tampered(made, tmp_path):
    """Changes the files of a bundle, by default with new sums in the manifest."""

    def change(edit, *, new_sums=True):
        with zipfile.ZipFile(made) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        manifest = json.loads(files.pop("manifest.json"))
        edit(files)
        if new_sums:
            sums = {name: hashlib.sha256(held).hexdigest() for name, held in files.items()}
            manifest["files"] = sums
        path = tmp_path / "tampered.deepobs"
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in {"manifest.json": json.dumps(manifest).encode(), **files}.items():
                archive.writestr(name, held)
        return path

    return change


def _record(files, optimizer, seed, *, trial=False):
    """The name of the record of a repetition (or trial) with a seed."""
    (name, *_) = [
        name
        for name in sorted(files)
        if f"/{optimizer}/" in name
        and f"random_seed__{seed}__" in name
        and ("validation" in name) == trial
    ]
    return name


def _changed(raw, **fields):
    return json.dumps({**json.loads(raw), **fields}).encode()


def test_an_honest_bundle_passes(made):
    """It is whole, follows its protocol, and every run gives the same bits again."""
    found = verify(made, rerun=100, device="cpu")
    assert found.faults == ()
    assert (found.searches, found.runs, found.repeated) == (2, 24, 24)
    assert found.protocols == ("demo-budget-2",)


def test_the_same_results_give_the_same_bytes(results, made, tmp_path):
    """So that a bundle can be named by its sum."""
    again = bundle([results], tmp_path / "again.deepobs").path
    assert again.read_bytes() == made.read_bytes()


def test_a_dropped_seed_is_found(tampered):
    """Also where the search no longer names it."""

    def drop(files):
        del files[_record(files, "SGD", 47)]
        (name,) = [name for name in files if "/SGD/tuning__" in name]
        search = json.loads(files[name])
        del search["repeats"]["47"]
        files[name] = json.dumps(search).encode()

    found = verify(tampered(drop))
    assert found.faults == ("SGD on digits_logreg: seed 47 of the repetitions is missing.",)


def test_a_dropped_record_is_found(tampered):
    """Its search still names it."""
    found = verify(tampered(lambda files: files.pop(_record(files, "SGD", 47))))
    assert found.faults == (
        "SGD on digits_logreg: the record of the repetition with seed 47 is missing.",
    )


def test_a_changed_number_is_found_by_its_sum(tampered):
    """Whatever number it is."""

    def change(files):
        name = _record(files, "SGD", 47)
        files[name] = _changed(files[name], test_accuracies=[0.1, 0.99, 0.99])

    (fault,) = verify(tampered(change, new_sums=False)).faults
    assert fault.endswith("was changed: its SHA-256 is not the one in the manifest.")
    assert "random_seed__47__" in fault


def test_a_better_trial_than_its_record_is_found(tampered):
    """With new sums, the search and the record still disagree."""

    def change(files):
        name = _record(files, "SGD", 42, trial=True)
        record = json.loads(files[name])
        files[name] = _changed(
            files[name], valid_accuracies=[*record["valid_accuracies"][:-1], 0.999]
        )

    (fault,) = verify(tampered(change)).faults
    assert "the search says" in fault
    assert "does not end so" in fault


def test_a_damaged_search_is_found(tampered, tmp_path):
    """With new sums; a bundle of such results leaves it out and says so."""
    name = ""

    def change(files):
        nonlocal name
        name = next(file for file in files if "SGD/tuning__" in file)
        files[name] = _changed(files[name], trials=[{"run_ids": ["a"]}])

    path = tampered(change)
    assert verify(path).faults[0] == f"{name} cannot be read: it has a wrong trials."
    assert bundle([path], tmp_path / "made.deepobs").damaged == {name: "it has a wrong trials."}


def test_a_swapped_record_is_found(tampered):
    """Two records that change places are not the runs that their places say."""

    def swap(files):
        one, other = _record(files, "SGD", 43), _record(files, "SGD", 44)
        files[one], files[other] = files[other], files[one]

    faults = verify(tampered(swap)).faults
    assert len(faults) == 2
    assert all("holds another run: it is of the seed" in fault for fault in faults)


def test_a_record_under_another_identity_is_found(tampered):
    """A better seed's numbers as those of a worse one: the settings do not give the identity."""

    def pretend(files):
        good, bad = _record(files, "SGD", 43), _record(files, "SGD", 44)
        record = json.loads(files[good])
        config = {**record["config"], "seed": 44}
        files[bad] = _changed(files[good], random_seed=44, config=config)

    faults = verify(tampered(pretend)).faults
    assert any("its settings do not give its identity" in fault for fault in faults)


def test_an_edited_source_is_found(tampered):
    """Its hash is in the searches."""

    def edit(files):
        (name,) = [name for name in files if name.startswith("sources/")]
        files[name] += b"\n# better now\n"

    assert verify(tampered(edit)).faults == (
        "The source users_sign.py of users_sign.SignSGD on digits_logreg is not the one that its "
        "runs were made with.",
    )


def test_a_run_that_does_not_repeat_is_found(tampered):
    """A number that nothing else depends on, with new sums: only the run itself tells."""

    def change(files):
        name = _record(files, "SGD", 47)
        record = json.loads(files[name])
        files[name] = _changed(files[name], test_losses=[*record["test_losses"][:-1], 0.001])

    path = tampered(change)
    assert verify(path).faults == ()
    (fault,) = verify(path, rerun=100, device="cpu").faults
    assert "does not repeat: its test_losses after epoch" in fault
    assert "was 0.001, and is now " in fault


def test_a_left_out_problem_is_found(results, tmp_path, monkeypatch):
    """A method without a search on a problem that the others have."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    other = tmp_path / "other"
    benchmark_cases.run_benchmark(other, against=(), problems="two_d_beale")
    both = bundle([results, other], tmp_path / "both.deepobs")
    assert both.runs == 36
    assert verify(both.path).faults == ("SGD has no search on two_d_beale, which others have.",)


def test_bundles_merge(results, made, tmp_path):
    """A bundle and a folder with the same runs make the bundle again; a report reads it."""
    merged = bundle([made, results], tmp_path / "merged.deepobs").path
    assert merged.read_bytes() == made.read_bytes()
    frame = load_records(merged)
    assert frame["run_id"].nunique() == load_records(results)["run_id"].nunique() == 24
    assert set(frame["role"]) == {"trial", "best", "repeat"}
    page = write_report(merged, tmp_path / "report.html").read_text()
    assert "digits_logreg" in page


def test_the_report_of_a_bundle_has_an_appendix(made, tmp_path):
    """Protocol, spaces, budget, hardware, versions, compute and what to cite."""
    page = unescape(write_report(made, tmp_path / "report.html").read_text())
    section = page[page.index('id="appendix"') : page.index('id="method"')]
    (record, *_) = load_records(made).drop_duplicates("run_id").to_dict("records")
    for text in (
        "<dd>demo-budget-2, version 1: ",
        "<dd>24 runs, searches included; ",
        f"<dd>{record['hardware']}</dd>",
        f"<dd>{record['versions']}</dd>",
        "<td>sobol, 2 trials</td>",
        "(Schneider, Balles and Hennig, ICLR 2019)",
        "@inproceedings{schneider2019deepobs,",
    ):
        assert text in section
    assert section.count("<details>") == 2  # folded up


def test_records_of_no_benchmark_are_left_out(results, tmp_path, write_record):
    """And counted."""
    (path, *_) = results.glob("*/SGD/*/random_seed__43__*.json")
    by_hand = json.loads(path.read_text()) | {"run_id": "0123456789abcdef"}
    added = write_record(path.parent.parent / "by_hand", **by_hand)
    held = bundle([results], tmp_path / "made.deepobs")
    assert (held.runs, held.left_out) == (24, 1)
    added.unlink()


def test_nothing_private_is_in_a_bundle(tmp_path, monkeypatch):
    """No name of machine or user, no folder, no environment variable, even after failures."""
    monkeypatch.setenv("DEEPOBS_TEST_SECRET", "env-secret-8461")
    monkeypatch.setenv("SWEEP_TEST_FOLDER", str(tmp_path))
    folder = tmp_path / "private-folder-2935"
    benchmark_cases.run_benchmark(
        folder, against="sweep_optimizers.Tells", retries=0, protocol=benchmark_cases.PROTOCOL
    )
    (search,) = folder.glob("*/Tells/tuning__*.json")
    assert "env-secret-8461" in search.read_text()  # what the optimizer said when it failed
    path = bundle([folder], tmp_path / "made.deepobs").path
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        held = b"\n".join([*map(archive.read, names), *map(str.encode, names)])
    private = {
        "private-folder-2935",
        "env-secret-8461",
        platform.node(),
        str(tmp_path),
        str(Path.home()),
        str(Path.cwd()),
        os.environ.get("HOSTNAME", "env-secret-8461"),
    }
    if getpass.getuser() != "root":  # a word of its own
        private.add(getpass.getuser())
    found = [word for word in private if len(word) > 3 and word.encode() in held]
    assert found == []


def test_there_must_be_something_to_bundle(tmp_path):
    """A folder without a benchmark, a missing folder, and a wrong ending are named."""
    with pytest.raises(UsageError, match="There is no benchmark in"):
        bundle([tmp_path], tmp_path / "a.deepobs")
    with pytest.raises(UsageError, match="There is no results folder or bundle"):
        bundle([tmp_path / "none"], tmp_path / "a.deepobs")
    with pytest.raises(UsageError, match=r"must end in \.deepobs"):
        bundle([tmp_path], tmp_path / "a.zip")
