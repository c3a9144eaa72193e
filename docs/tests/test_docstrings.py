"""The docstrings that the API reference shows: arguments, results and errors are described."""

import ast
import dataclasses
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from catalogue import MODULES

# A summary that begins with one of these says what is returned.
SAYS_RESULT = ("Returns", "Yields", "Iterates", "Whether", "Context", "The")


def _functions(value: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yields a public function, or the public methods that a class defines first."""
    if inspect.isfunction(value):
        yield value.__name__, value
    if not inspect.isclass(value):
        return
    for name, method in vars(value).items():
        overrides = any(name in vars(base) for base in value.__mro__[1:])
        if inspect.isfunction(method) and not name.startswith("_") and not overrides:
            yield f"{value.__name__}.{name}", method


def _public() -> dict[str, Callable[..., Any]]:
    found = {}
    for module in map(importlib.import_module, MODULES):
        for public in module.__all__:
            for name, function in _functions(getattr(module, public)):
                found[f"{module.__name__}.{name}"] = function
    return found


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield child
            yield from _own_nodes(child)


def _undescribed(function: Callable[..., Any]) -> Iterator[str]:
    text = inspect.getdoc(function) or ""
    described = set(re.findall(r"^\s+\*{0,2}(\w+): ", text, re.MULTILINE))
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    if len(names) > 1 or "Args:" in text:  # the summary describes a single argument
        yield from (name for name in names if name not in described | {"phase", "batch_size"})
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    nodes = list(_own_nodes(tree))
    returns = any(isinstance(node, ast.Return) and node.value for node in nodes)
    if returns and "Returns:" not in text and not text.startswith(SAYS_RESULT):
        yield "the result"
    raised = [node.exc for node in nodes if isinstance(node, ast.Raise) and node.exc]
    if raised and "Raises" not in text and "NotImplementedError" not in map(ast.unparse, raised):
        yield "errors"


@pytest.mark.parametrize(("name", "function"), sorted(_public().items()))
def test_docstring_describes_arguments_result_and_errors(
    name: str, function: Callable[..., Any]
) -> None:
    assert not list(_undescribed(function)), name


def test_docstrings_describe_the_fields_of_dataclasses() -> None:
    for module in map(importlib.import_module, MODULES):
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isclass(value) and dataclasses.is_dataclass(value):
                text = value.__doc__ or ""
                fields = [item.name for item in dataclasses.fields(value) if item.name[0] != "_"]
                assert [name for name in fields if f" {name}: " not in text] == [], public
