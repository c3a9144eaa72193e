"""Protocols: how optimizers are searched, repeated and compared, as values."""

from ._budget import Budget, parse_budget
from ._match import find_protocol, protocol_words
from ._protocol import FIRST_SEED, Protocol
from ._table import DEFAULT_PROTOCOL, PROTOCOLS, get_protocol

__all__ = [
    "DEFAULT_PROTOCOL",
    "FIRST_SEED",
    "PROTOCOLS",
    "Budget",
    "Protocol",
    "find_protocol",
    "get_protocol",
    "parse_budget",
    "protocol_words",
]
