"""YAML 1.2 from a user's file: bounded, without code, every mistake with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..common import UsageError, brief

#: The most values that a file may stand for, once every alias is written out.
MOST_VALUES = 200_000
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
_PREFIX = "tag:yaml.org,2002:"


class _Constructor(SafeConstructor):
    """Constructs plain values; a scalar that its tag does not fit is refused with its place."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, IndexError, TypeError, OverflowError) as error:
            if not isinstance(node, ScalarNode):
                raise
            kind = str(node.tag).removeprefix(_PREFIX)
            problem = f"{brief(node.value)} is not a valid {kind}"
            raise ConstructorError(None, None, problem, node.start_mark) from error


def read_yaml(path: Path) -> object:
    """Reads one YAML file.

    Numbers are those of YAML 1.2: `1e-5` is a number, `010` is ten, `1:30` is a text.

    Args:
        path: The file.

    Returns:
        What it holds: mappings, lists, strings, numbers, booleans, dates or None.

    Raises:
        UsageError: The file cannot be read, is not YAML, gives a key twice, refers to itself, or
            stands for more than `MOST_VALUES` values; the sentence names line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path} cannot be read: {reason}.") from error
    reader = YAML(typ="safe", pure=True)
    reader.Constructor = _Constructor
    try:
        node = reader.compose(text)
        if node is None:
            return None
        _check(node, {}, set())
        return reader.constructor.construct_document(node)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        problem = brief(str(error.problem or error.context), quoted=False)
        raise UsageError(f"{path} is not valid YAML at {where}: {problem}.") from error
    except RecursionError as error:
        raise UsageError(f"{path} is not a configuration: it is nested too deeply.") from error
    except YAMLError as error:
        problem = brief(str(error).strip().splitlines()[0], quoted=False)
        raise UsageError(f"{path} is not valid YAML: {problem}.") from error


def _check(node: Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """Checks keys and aliases below a node; returns how many values it stands for.

    An alias is the very node that it refers to, so each is looked at once, however often ten lines
    of aliases of aliases would repeat it.
    """
    if id(node) in sizes:
        return sizes[id(node)]
    if id(node) in open_nodes:
        raise ConstructorError(None, None, "an alias refers to itself", node.start_mark)
    open_nodes.add(id(node))
    children: list[Node] = []
    if isinstance(node, MappingNode):
        _check_keys(node)
        children = [value for _, value in node.value]
    elif isinstance(node, SequenceNode):
        children = node.value
    size = 1 + sum(_check(child, sizes, open_nodes) for child in children)
    if size > MOST_VALUES:
        problem = f"it stands for more than {MOST_VALUES:,} values"
        raise ConstructorError(None, None, problem, node.start_mark)
    open_nodes.remove(id(node))
    sizes[id(node)] = size
    return size


def _check_keys(node: MappingNode) -> None:
    """Refuses a key that is not a name, or that the same mapping gives again."""
    seen: set[str] = set()
    for key, _ in node.value:
        problem = None
        if not isinstance(key, ScalarNode):
            problem = "the list or mapping is not a name"
        elif key.tag not in _KEY_TAGS:
            problem = f"the key {brief(key.value, quoted=False)} is not a name"
        elif key.value in seen:
            problem = f"the key {brief(key.value)} is given twice"
        if problem is not None:
            raise ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)
