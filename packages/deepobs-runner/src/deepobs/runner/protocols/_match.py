"""The protocol of the table that a definition was made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._protocol import Protocol
from ._table import PROTOCOLS


def find_protocol(definition: Mapping[str, Any]) -> Protocol | None:
    """Returns the protocol of the table with a definition, with its budget and lengths; or None."""
    return next((protocol for protocol, _ in _matches(definition)), None)


def protocol_words(definition: Mapping[str, Any]) -> list[str]:
    """Returns the options of `deepobs benchmark` that select a protocol.

    Args:
        definition: The protocol's definition.

    Returns:
        The words; empty if no protocol of the table has the definition.

    Example:
        >>> from deepobs.runner.protocols import PROTOCOLS
        >>> protocol_words(PROTOCOLS["tuned-20"].changed(budget=5).definition())
        ['--protocol', 'tuned-20', '--budget', '5 trials']
    """
    return next((words for _, words in _matches(definition)), [])


def _matches(definition: Mapping[str, Any]) -> Iterator[tuple[Protocol, list[str]]]:
    """Yields the protocols with a definition, and the words that select each."""
    for name, protocol in PROTOCOLS.items():
        for lengths in (None, definition.get("lengths")):
            budget = definition.get("budget") if protocol.budget else None
            try:
                changed = protocol.changed(budget=budget, lengths=lengths)
            except (ValueError, TypeError):
                continue
            if changed.definition() != definition:
                continue
            words = ["--protocol", name]
            if changed.budget != protocol.budget:
                words += ["--budget", str(budget)]
            if lengths is not None:
                words += ["--lengths", ",".join(f"{length:g}" for length in lengths)]
            yield changed, words
