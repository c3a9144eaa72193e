"""What all pages share: the template, the scripts, the filters and the security policy."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from ..study import Study
from ._symbols import SYMBOLS


def assemble(template: str, scripts: Sequence[str], **values: Any) -> str:
    """Returns a self-contained page.

    Args:
        template: The template's name.
        scripts: Names of the page's scripts in `static`.
        **values: Values for the template.

    Returns:
        HTML.
    """
    sources = [_script(_static(name)) for name in scripts]
    return (
        _environment()
        .get_template(template)
        .render(
            version=version("deepobs-runner"),
            written=datetime.now(UTC).strftime("%d %B %Y"),
            policy=_policy(sources),
            css=Markup(_static("report.css")),
            scripts=sources,
            symbols=SYMBOLS,
            **values,
        )
    )


def filter_data(
    study: Study,
    methods: Mapping[str, Mapping[str, Any]],
    problems: Sequence[Mapping[str, Any]],
    highlight: Sequence[int],
) -> dict[str, Any]:
    """Returns what the filters of a page need.

    Args:
        study: The study.
        methods: The views of the methods.
        problems: The views of the problems.
        highlight: The numbers of the methods that are initially in color.

    Returns:
        JSON-serializable values.
    """
    return {
        "runs": _run_counts(study, list(methods)),
        "numRuns": len(study.runs),
        "highlight": highlight,
        "results": _results(study),
        "methods": [_method_data(view) for view in methods.values()],
        "problems": [{"name": view["name"], "data": view["data_id"]} for view in problems],
    }


def _results(study: Study) -> dict[str, Any]:
    """Returns the numbers behind the matrix: a row per method and problem."""
    names = ("method", "problem", *_RESULTS)
    rows = ([getattr(cell, name) for name in names] for cell in study.verdict.cells)
    known = [
        [None if isinstance(v, float) and not math.isfinite(v) else v for v in row] for row in rows
    ]
    return {"head": names, "rows": known}


#: Fields of `analysis.Cell` in the matrix's CSV.
_RESULTS = (
    *("metric", "value", "low", "high", "rank", "best", "score"),
    *("num_runs", "num_diverged", "budget"),
)


def summary(study: Study) -> str:
    """Returns the numbers of runs, problems and methods in words."""
    runs = study.runs
    counts = (
        (len(runs), "run"),
        (len(runs.distinct("problem")), "problem"),
        (len(runs.distinct("method")), "method"),
    )
    return ", ".join(f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in counts)


def _run_counts(study: Study, labels: list[str]) -> dict[str, list[int]]:
    """Returns each method's number of runs on each problem, in the page's order."""
    counts = {problem: [0] * len(labels) for problem in study.problems}
    for row in study.runs.rows:
        counts[row["problem"]][labels.index(row["method"])] += 1
    return counts


def _method_data(view: Mapping[str, Any]) -> dict[str, str]:
    style = view["style"]
    return {
        "label": view["label"],
        "colour": style.colour,
        "dark": style.dark_colour,
        "dash": style.dash,
        "symbol": style.symbol if style.filled else f"{style.symbol}-open",
    }


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _static(name: str) -> str:
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


def _script(source: str) -> Markup:
    return Markup(source.replace("</script", r"<\/script"))


def _policy(scripts: Sequence[Markup]) -> str:
    """Returns the Content-Security-Policy: only the page's scripts may run, without network."""
    hashes = (hashlib.sha256(script.encode()).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'"
    )
