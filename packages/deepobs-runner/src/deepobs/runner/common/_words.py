"""Values as words of the command."""

from __future__ import annotations

import ast
from typing import Any

# As YAML and other people's configuration files write them; Python's own spellings are literals.
_WORDS = {"true": True, "false": False, "null": None, "none": None}


def read_value(text: str) -> Any:
    """Reads the value of NAME=VALUE: a Python literal, true, false or null, else the text itself.

    Example:
        >>> [read_value(word) for word in ("1e-3", "(0.9, 0.99)", "false", "adam")]
        [0.001, (0.9, 0.99), False, 'adam']
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return _WORDS.get(text.lower(), text)
