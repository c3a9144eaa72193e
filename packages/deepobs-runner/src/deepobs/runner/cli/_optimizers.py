"""`deepobs optimizers`: the reference optimizers, and the wrappers around others."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command("optimizers")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def command(as_json: bool) -> None:
    """List the reference optimizers with their search spaces and the sources of these.

    You can also use any class of torch.optim and, by its path, any other class.
    """
    from ..optimizers import OPTIMIZERS, WRAPPERS

    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in OPTIMIZERS.values()], indent=1))
        return
    width = max(map(len, OPTIMIZERS))
    for entry in OPTIMIZERS.values():
        mark = " " if entry.package == "torch" else "+"
        click.echo(f"{entry.name:<{width}} {mark} {entry.description}")
        ranges = "  ".join(f"{name}={text}" for name, text in entry.space.items())
        click.echo(f"{'':<{width}}   lr {entry.lr:g}; space {ranges}")
    click.echo(
        f"\n{len(OPTIMIZERS)} reference optimizers; + needs the extra `optimizers`. Wrappers: "
        f"{', '.join(f'{name}(NAME)' for name in WRAPPERS)}. `deepobs show NAME` says more."
    )
