"""The verification of a bundle."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from ..common import UsageError, whole
from ..results import extract, is_bundle, read_manifest
from ._completeness import check_completeness
from ._content import read_content
from ._integrity import check_records, check_sources, check_sums, check_values
from ._rerun import check_runs, choose_runs


@dataclass(frozen=True, kw_only=True)
class Verification:
    """The outcome of the verification of a bundle.

    Attributes:
        faults: A sentence for each fault; empty if there is none.
        searches: Number of searches.
        runs: Number of runs.
        repeated: Number of runs that were repeated.
        protocols: The protocols that the searches followed.
    """

    faults: tuple[str, ...]
    searches: int
    runs: int
    repeated: int
    protocols: tuple[str, ...]


def verify(
    bundle: str | Path, *, rerun: int = 0, seed: int = 42, device: str = "auto"
) -> Verification:
    """Checks that a bundle is complete, unchanged and follows its protocol; can repeat some runs.

    The checksums of the manifest reveal changes after the bundle was written. Every seed and trial
    of the protocol must be present exactly once, each record must match its path and settings, and
    the searches must agree with the records. Repeated runs must give bit-for-bit equal numbers on
    the same kind of machine (torch, platform, processor with its generation and instruction set,
    device); on other machines, the losses before training and after the first epoch must agree
    within 1 %.

    Args:
        bundle: The bundle.
        rerun: Number of runs to repeat. This executes the sources of users' optimizers in the
            bundle.
        seed: Seed for drawing these runs.
        device: Device of these runs.

    Raises:
        UsageError: If the file is not a bundle.
    """
    path = Path(bundle)
    whole("rerun", rerun, least=0)
    if not is_bundle(path):
        raise UsageError(f"There is no bundle {path}; expected a file that ends in .deepobs.")
    with tempfile.TemporaryDirectory() as folder:  # not the cache, which could have been changed
        extract(path, Path(folder))
        content = read_content(Path(folder))
        faults = [*check_sums(Path(folder), read_manifest(Path(folder))), *check_records(content)]
        faults += check_completeness(content)
        for search in content.searches:
            faults += [*check_sources(content, search), *check_values(content, search)]
        chosen = choose_runs(content, rerun, seed)
        faults += check_runs(content, chosen, device=device)
    protocols = {search.content["protocol"]["name"] for search in content.searches}
    return Verification(
        faults=tuple(dict.fromkeys(faults)),
        searches=len(content.searches),
        runs=len(content.records),
        repeated=len(chosen),
        protocols=tuple(sorted(protocols)),
    )
