"""`deepobs bundle` and `deepobs verify`."""

import zipfile

import benchmark_cases


def test_the_commands(deepobs, tmp_path, capsys, monkeypatch):
    """`bundle` says what it wrote; `verify` exits with 0, and with 1 after a fault."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    results, path = tmp_path / "results", tmp_path / "mine.deepobs"
    assert not benchmark_cases.run_benchmark(results).failed
    assert deepobs("bundle", results, "-o", path) == 0
    assert "24 runs of 2 searches" in capsys.readouterr().out
    assert deepobs("verify", path, "--rerun", 1, "--device", "cpu") == 0
    said = capsys.readouterr().out
    assert "is unchanged and complete: 24 runs of 2 searches; 1 of them" in said
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.json", "{}")
    assert deepobs("verify", path) == 1
    assert capsys.readouterr().out == "more.json was added: it is not in the manifest.\n"
