"""A protocol in terms and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...protocols import find_protocol
from ._format import seed_ranges
from ._words import count, listed

_DATA = {"valid": "validation data", "test": "test data"}


def protocol_facts(
    definition: Mapping[str, Any], lengths: Sequence[float]
) -> list[tuple[str, str]]:
    """Describes a protocol.

    Args:
        definition: The protocol's definition, as a search's file holds it.
        lengths: The lengths of the runs, as multiples of the problems' own.

    Returns:
        Terms and facts; only the name and version of a protocol that is not known here.
    """
    name = f"{definition.get('name')}, version {definition.get('version')}"
    protocol = find_protocol(definition)
    if protocol is None:
        return [("Protocol", f"{name} (not known to this version of DeepOBS)")]
    facts = [("Protocol", f"{name}: {protocol.description}"), ("Source", protocol.source)]
    if protocol.budget is not None:
        studies = f", {count(protocol.studies, 'study')}" if protocol.studies > 1 else ""
        facts.append(("Search", f"{protocol.strategy}, {protocol.budget}{studies}"))
        held = f", {protocol.validation:.0%} of the training set" if protocol.validation else ""
        facts.append(("Chosen on", _DATA[protocol.selection] + held))
    if protocol.repeat_seeds:
        facts.append(("Repeated with", f"seeds {seed_ranges(list(protocol.repeat_seeds))}"))
    facts.append(("Schedule", protocol.schedule))
    facts.append(("Length", f"{listed([f'{length:g}' for length in lengths])} × the problem's own"))
    facts.append(("Reported", protocol.reported))
    return facts
