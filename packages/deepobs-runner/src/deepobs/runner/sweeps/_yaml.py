"""YAML as people write it: 1e-5 is a number, and a key given twice is a mistake."""

import re
from pathlib import Path
from typing import Any

import yaml

from ..common import UsageError

_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


class _Loader(yaml.SafeLoader):
    """The safe loader, with YAML 1.2's floats and without silently dropped keys."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Refuses a key that the same mapping already holds; YAML would keep only the last."""
        node = super().compose_mapping_node(anchor)
        # Here each mapping is seen once, as it is written: the constructor merges `<<` in place.
        seen: set[str] = set()
        for key_node, _ in node.value:
            key, problem = key_node.value, None
            if key_node.tag not in _KEY_TAGS:
                name = f"key {key}" if isinstance(key_node, yaml.ScalarNode) else "list or mapping"
                problem = f"the {name} is not a name"
            elif key in seen:
                problem = f"the key {key!r} is given twice"
            if problem is not None:
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key_node.start_mark)
            seen.add(key)
        return node


# PyYAML follows YAML 1.1, where 1e-5 is a string for want of a dot.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d[\d_]*)(\.\d*)?[eE][-+]?\d+$"),
    list("-+0123456789"),
)


def read_yaml(path: Path) -> object:
    """Reads one YAML file.

    Args:
        path: The file.

    Returns:
        What it holds: mappings, lists, strings, numbers, booleans or nothing.

    Raises:
        UsageError: The file cannot be read or is not YAML; the sentence names line and column.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"{path} cannot be read: {reason}.") from error
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise UsageError(f"{path} is not valid YAML at {where}: {error.problem}.") from error
    except RecursionError as error:
        raise UsageError(f"{path} is not a configuration: it is nested too deeply.") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {str(error).splitlines()[0]}.") from error
