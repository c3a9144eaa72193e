"""Safe reading of YAML 1.2 files, with line numbers in errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..common import UsageError, brief

#: The largest number of values in a file, with all aliases expanded.
MOST_VALUES = 200_000
_MOST_BYTES = 10_000_000
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
_PREFIX = "tag:yaml.org,2002:"


class _Constructor(SafeConstructor):
    """A constructor of plain values that reports the place of invalid scalars."""

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

    Numbers are those of YAML 1.2: `1e-5` is a number, `010` is ten, `1:30` is a string.

    Args:
        path: The file.

    Returns:
        The content: mappings, lists, strings, numbers, booleans, dates or None.

    Raises:
        UsageError: If the file cannot be read, is not YAML, has a duplicate key or a recursive
            alias, or has more than `MOST_VALUES` values; the message names line and column.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise UsageError(f"{path} is not a configuration: it is larger than 10 MB.")
        text = content.decode()
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
    """Checks keys and aliases below a node; returns the number of values.

    An alias is the same node object as its anchor, so each node is visited only once, however often
    nested aliases repeat it.
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
    """Raises an error for duplicate keys and keys that are not strings."""
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
