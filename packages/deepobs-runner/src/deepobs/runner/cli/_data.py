"""`deepobs data`: list, fetch and verify the files of the data sets."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ._options import data_root_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console


@click.group("data")
def command() -> None:
    """List, fetch and verify the data sets' files."""


@command.command("list")
@data_root_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def _list(data_root: Path | None, as_json: bool) -> None:
    """List the data sets and show which are on this machine."""
    from deepobs.data import DATASETS, dataset_status, resolve_root

    rows = []
    for name, entry in DATASETS.items():
        status = dataset_status(name, root=data_root)
        rows.append(
            {
                "name": name,
                "needs_files": status.needs_files,
                "present": status.present,
                "bytes_on_disk": status.bytes_on_disk,
                "download_bytes": entry.download_bytes,
                "description": entry.description,
                "origin": entry.origin,
                "licence": entry.licence,
            }
        )
    if as_json:
        folder = str(resolve_root(data_root))
        click.echo(json.dumps({"folder": folder, "datasets": rows}, indent=1))
        return
    width = max(len(name) for name in DATASETS)
    for row in rows:
        state = "built in" if not row["needs_files"] else "present" if row["present"] else "missing"
        click.echo(f"{row['name']:<{width}}  {state:<8}  {row['description']} ({row['licence']})")
    click.echo(f"\nFiles are looked for in {resolve_root(data_root)}")


@command.command("prepare")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@data_root_option
def _prepare(names: tuple[str, ...], data_root: Path | None) -> None:
    """Fetch, check and unpack the missing files of the data sets NAME...

    Interrupted downloads are resumed. With DEEPOBS_OFFLINE=1, nothing is fetched; the message says
    which file to put where. If a data set cannot be prepared, the others still are, and the exit
    status is 1.
    """
    from deepobs.data import CorruptDatasetError, FetchError, dataset_status, prepare_dataset

    for name in names:  # report a wrong name before fetching anything
        dataset_status(name, root=data_root)
    failed = False
    for name in names:
        try:
            with _progress(unit_is_bytes=True) as progress:
                folder = prepare_dataset(name, root=data_root, progress=progress)
        except (FetchError, CorruptDatasetError) as error:  # other errors concern all data sets
            click.echo(f"Error: {error}", err=True)
            failed = True
        else:
            click.echo(f"{name} is in {folder}")
    if failed:
        sys.exit(1)


@command.command("verify")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@data_root_option
def _verify(names: tuple[str, ...], data_root: Path | None) -> None:
    """Check the files of the data sets NAME..., by default of all on this machine.

    Files are compared with their checksums; images of ImageNet are decoded, except those in hidden
    files and folders (whose names begin with a dot), which are ignored. Symbolic links are
    followed. The exit status is 1 if a file is missing or corrupt.
    """
    from deepobs.data import DATASETS, dataset_status, verify_dataset

    if not names:
        states = [dataset_status(name, root=data_root) for name in DATASETS]
        names = tuple(s.name for s in states if s.needs_files and s.present)
        if not names:
            click.echo(f"There are no files of data sets in {states[0].folder}.")
    wrong = 0
    for name in names:
        with _progress(unit_is_bytes=False) as progress:
            files = verify_dataset(name, root=data_root, progress=progress)
        for file in files:
            click.echo(str(file))
            if file.status != "ok":
                wrong += 1
                click.echo(f"        {file.reason}")
        if not files:
            needs = DATASETS[name].files
            click.echo(f"ok      {name}: " + ("every file" if needs else "needs no files"))
    if wrong:
        sys.exit(1)


@contextmanager
def _progress(*, unit_is_bytes: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """Shows a bar on stderr for each file; if that is not a terminal, one line per file."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(console, unit_is_bytes=unit_is_bytes)
        return
    amount = DownloadColumn() if unit_is_bytes else MofNCompleteColumn()
    tasks = {}
    with Progress(TextColumn("{task.description}"), BarColumn(), amount, console=console) as bar:

        def progress(what: str, done: int, total: int | None) -> None:
            label = what if unit_is_bytes else "checking"
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=total)
            bar.update(tasks[label], completed=done, total=total)

        yield progress


def _lines(console: Console, *, unit_is_bytes: bool) -> Callable[[str, int, int | None], None]:
    """Returns a function that prints a line when a file is first fetched."""
    named = set()

    def progress(what: str, _done: int, _total: int | None) -> None:
        if unit_is_bytes and what not in named:
            console.print(f"fetching {what}", markup=False)
        named.add(what)

    return progress
