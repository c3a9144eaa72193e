"""Checks of a bundle against the protocols that its searches followed."""

from __future__ import annotations

from collections.abc import Iterator

from ..protocols import Protocol, find_protocol
from ._content import Content, SearchFile


def check_completeness(content: Content) -> Iterator[str]:
    """Yields a sentence for each run that the protocols ask for and that is missing or doubled."""
    if not content.searches:
        yield "The bundle holds no search that followed a protocol."
    places = content.by_run()
    for search in content.searches:
        protocol = find_protocol(search.content["protocol"])
        if protocol is None:
            name = search.content["protocol"].get("name")
            yield f"{search.name} did not follow a protocol that is known here, but {name}."
        else:
            yield from _check_search(search, protocol)
        for run in search.runs:
            if (search.root, run) not in places:
                yield f"{search.name}: the record of the {_role(search, run)} is missing."
    wanted = {(search.root, run) for search in content.searches for run in search.runs}
    for key, files in places.items():
        if len(files) > 1:
            yield f"The run of {files[0]} is there {len(files)} times."
        if key not in wanted:
            yield f"The record {files[0]} belongs to no search."
    yield from _check_product(content)


def _check_search(search: SearchFile, protocol: Protocol) -> Iterator[str]:
    content, trials = search.content, search.content["trials"]
    budget = protocol.budget
    if budget is not None and budget.unit == "trials" and len(trials) != budget.amount:
        yield f"{search.name}: {len(trials)} trials are there, of {budget.amount}."
    failed = [trial for trial in trials if trial["status"] == "failed" and trial["run_ids"]]
    if failed:
        yield f"{search.name}: {len(failed)} trials have no record, since they failed."
    if (best := content["best"]) is not None and best not in trials:
        yield f"{search.name}: the chosen trial is none of the trials."
    if budget is not None and best is None:
        return  # every trial diverged, so there is nothing to repeat
    for seed in protocol.repeat_seeds:
        if str(seed) not in content["repeats"]:
            yield f"{search.name}: seed {seed} of the repetitions is missing."
    for seed in content["repeats"]:
        if int(seed) not in protocol.repeat_seeds:
            yield f"{search.name}: seed {seed} of the repetitions is not in the protocol."


def _role(search: SearchFile, run: str) -> str:
    for seed, repeat in search.content["repeats"].items():
        if repeat == run:
            return f"repetition with seed {seed}"
    return "trial " + next(
        str(trial["settings"]) for trial in search.content["trials"] if run in trial["run_ids"]
    )


def _check_product(content: Content) -> Iterator[str]:
    """Yields a sentence for each problem on which a method was left out that others have."""
    held = {
        (s.content["protocol"]["name"], s.content["optimizer"], s.content["problem"], s.root)
        for s in content.searches
    }
    for name in sorted({entry[0] for entry in held}):
        ours = [entry for entry in held if entry[0] == name]
        for optimizer in sorted({entry[1] for entry in ours}):
            for problem, root in sorted({entry[2:] for entry in ours}):
                if (name, optimizer, problem, root) not in held:
                    yield f"{optimizer} has no search on {problem}, which others have."
