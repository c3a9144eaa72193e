"""Writes the pages of the site that come from tables and scripts.

They are the API reference, the catalogues of problems and optimizers, and the examples.

A Sphinx extension: the pages are written before each build, to `docs/reference/generated`.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import torch
from sphinx.application import Sphinx

from deepobs.problems import LAPTOP_SET, LARGE_SET, PROBLEMS, SMALL_SET, Problem
from deepobs.runner.optimizers import OPTIMIZERS, ReferenceOptimizer

HERE = Path(__file__).parent
GENERATED = HERE / "reference" / "generated"
CURVES = HERE / "images" / "curves"

# The modules whose names are public.
MODULES = (
    *("deepobs.data", "deepobs.models", "deepobs.problems", "deepobs.runner"),
    *("deepobs.runner.analysis", "deepobs.runner.report", "deepobs.runner.optimizers"),
    *("deepobs.runner.schedules", "deepobs.runner.executors", "deepobs.runner.loggers"),
)
KINDS = ("Functions", "Classes", "Errors and warnings", "Constants")


def kind(value: object) -> str:
    """Returns the heading of the API reference below which a public name belongs."""
    if inspect.isclass(value):
        return "Errors and warnings" if issubclass(value, BaseException) else "Classes"
    return "Functions" if inspect.isroutine(value) else "Constants"


def comment(module: ModuleType, name: str) -> str:
    """Returns the comment above a constant's definition, wherever in the package that is."""
    assignment = re.compile(rf"((?:^#.*\n)*)^{name}(?:: [^=]+)? = ", re.MULTILINE)
    for path in Path(module.__path__[0]).rglob("*.py"):
        if found := assignment.search(path.read_text()):
            return " ".join(line.lstrip("#: ") for line in found[1].splitlines())
    return ""


def api_page(name: str) -> str:
    """Returns the page of a module: its public names by kind."""
    module = importlib.import_module(name)
    kinds: dict[str, list[str]] = {heading: [] for heading in KINDS}
    for public in module.__all__:
        kinds[kind(getattr(module, public))].append(public)
    lines = [f"# {name}", "", inspect.getdoc(module) or "", ""]
    constants = sorted(kinds.pop("Constants"))
    for heading, names in kinds.items():
        if names:
            lines += [f"## {heading}", "", "```{eval-rst}", f".. currentmodule:: {name}", ""]
            lines += [".. autosummary::", "   :toctree: api", "   :nosignatures:", ""]
            lines += [*(f"   {each}" for each in sorted(names, key=str.casefold)), "```", ""]
    if constants:
        lines += ["## Constants", ""]
        lines += [
            f"`{each}`\n: {comment(module, each) or '(see the code)'}\n" for each in constants
        ]
    return "\n".join(lines)


def thumbnail(folder: str, name: str) -> str:
    """Returns the options of a card that shows an item's learning curve, if there is one."""
    if not (CURVES / folder / f"{name}.svg").exists():
        return ""
    path = f"../../images/curves/{folder}/{name}.svg"
    return f":img-bottom: {path}\n:img-alt: Learning curve of {name}"


def card(name: str, lines: list[str], folder: str) -> str:
    """Returns a card of a catalogue."""
    options = thumbnail(folder, name)
    if not options:
        lines = [*lines, "Learning curve: –"]
    body = "\n\n".join(line for line in lines if line)
    return f"::::{{grid-item-card}} {name}\n{options}\n\n{body}\n::::\n"


def problem_lines(problem: Problem) -> list[str]:
    """Returns what a card says of a problem."""
    with torch.device("meta"):
        parameters = sum(p.numel() for p in problem.model().parameters() if p.requires_grad)
    noun = "epoch" if problem.epochs == 1 else "epochs"
    size = f"{parameters:,} parameters, {problem.epochs} {noun}, batches of {problem.batch_size}."
    return [f"{problem.description}.", size, f"*{problem.reference}.*", problem.notes]


def optimizer_lines(optimizer: ReferenceOptimizer) -> list[str]:
    """Returns what a card says of an optimizer."""
    space = "\n".join(f"- `{name}={values}`" for name, values in optimizer.space.items())
    return [
        optimizer.description,
        f"*{optimizer.paper}*",
        f"From `{optimizer.package}`; state per parameter: {optimizer.state}.",
        f"Search space ({optimizer.source}):\n\n{space}" if space else "",
    ]


def grid(cards: Iterator[str]) -> str:
    """Returns cards side by side, as many as there is space for."""
    return ":::::{grid} 1 2 2 2\n:gutter: 3\n\n" + "\n".join(cards) + ":::::\n"


def problems_page() -> str:
    """Returns the catalogue of the problems, set by set."""
    rest = [name for name in PROBLEMS.ours if name not in {*LAPTOP_SET, *SMALL_SET, *LARGE_SET}]
    sets = {
        "The laptop set": (LAPTOP_SET, "Embedded data; each run takes seconds on one core."),
        "The small set": (SMALL_SET, "The small set of the DeepOBS paper."),
        "The large set": (LARGE_SET, "The large set of the DeepOBS paper."),
        "Other problems": (rest, "Also available by name."),
    }
    text = (
        "# Catalogue of problems\n\n`deepobs show PROBLEM` prints these facts for one problem. "
        "[Test problems](../../problems.md) compares them. A curve shows the primary metric on the "
        "test set over the epochs with Adam. It comes from the published runs, from the reference "
        "runs, or from a single run (`python docs/thumbnails.py`). A dash means that there are no "
        "results yet.\n\n"
    )
    for heading, (names, line) in sets.items():
        cards = (card(name, problem_lines(PROBLEMS.ours[name]), "problems") for name in names)
        text += f"## {heading}\n\n{line}\n\n{grid(cards)}\n"
    return text


def optimizers_page() -> str:
    """Returns the catalogue of the reference optimizers."""
    cards = (card(name, optimizer_lines(each), "optimizers") for name, each in OPTIMIZERS.items())
    return (
        "# Catalogue of optimizers\n\n`deepobs show NAME` prints these facts for one optimizer, "
        "`deepobs optimizers` lists them. [Optimizers](../../optimizers.md) explains how each is "
        "called. A curve shows the test loss on `digits_mlp` over ten epochs with the default "
        "hyperparameters. The gray curve is SGD with the learning rate 0.1 "
        "(`python docs/thumbnails.py`).\n\n" + grid(cards)
    )


def examples_page() -> str:
    """Returns the page of examples: what each script's docstring says, then its code."""
    text = (
        "# Examples\n\nThese scripts, and the notebook at the end, are in the folder `examples` of "
        "the repository. Each runs on its own, in less than a minute on two cores, with data that "
        "are part of the packages.\n\n"
    )
    for path in sorted((HERE.parent / "examples").glob("*.py")):
        title, _, body = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")
        start = path.read_text().index('"""\n') + 4  # the code after the docstring
        first = path.read_text().count("\n", 0, start) + 2
        text += f"## {title.rstrip('.')}\n\n{body.strip()}\n\n"
        text += f"```{{literalinclude}} ../../../examples/{path.name}\n:lines: {first}-\n"
        text += f":caption: examples/{path.name}\n```\n\n"
    for path in sorted((HERE.parent / "examples").glob("*.ipynb")):
        text += f"{notebook(path)}\n"
    return text


def notebook(path: Path) -> str:
    """Returns a notebook's text and code as a section."""
    text = ""
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        text += f"```python\n{source}\n```\n\n" if cell["cell_type"] == "code" else f"{source}\n\n"
    return f"#{text}The notebook is `examples/{path.name}`.\n"


def write(path: Path, text: str) -> None:
    """Writes a page if it differs, so that Sphinx reads only what has changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_pages(*_: object) -> None:
    """Writes all generated pages."""
    for name in MODULES:
        write(GENERATED / f"{name}.md", api_page(name))
    write(GENERATED / "problems.md", problems_page())
    write(GENERATED / "optimizers.md", optimizers_page())
    write(GENERATED / "examples.md", examples_page())


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the extension."""
    app.connect("builder-inited", write_pages, priority=100)  # before autosummary reads them
    return {"parallel_read_safe": True}
