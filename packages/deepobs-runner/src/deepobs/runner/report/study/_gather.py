"""Reading the runs of a report."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import pandas as pd

from ... import analysis
from ...common import UsageError, unknown
from ...results import Search, load_baselines, read_records
from ._study import Study


@dataclass(frozen=True)
class Gathered:
    """Runs to report.

    Attributes:
        study: The runs, prepared.
        left_out: A line for each file that could not be read, with the reason.
    """

    study: Study
    left_out: tuple[str, ...] = ()


Folder: TypeAlias = str | os.PathLike[str]
Results: TypeAlias = Folder | Sequence[Folder] | pd.DataFrame | Study | Gathered | None


def gather(
    results: Results,
    *,
    baselines: bool = False,
    targets: Mapping[str, analysis.Target] | None = None,
    target_phase: analysis.Phase = "test",
) -> Gathered:
    """Reads the runs of a report.

    Args:
        results: A results folder or several, a tidy frame as `load_records` returns it, or `None`
            for the published baselines alone.
        baselines: Whether to add the published baselines, for the problems of the runs.
        targets: Targets in place of the problems' own, by problem; see `analysis.problem_targets`.
        target_phase: Phase that targets refer to: "test", or "valid" for AlgoPerf's rule.

    Returns:
        At least one run.

    Raises:
        UsageError: If there are no runs, a folder does not exist, or a target's problem has no
            run, or not the target's metric.
    """
    gathered = _gather(results, baselines=baselines)
    if not targets and target_phase == "test":
        return gathered
    study = gathered.study
    for problem, target in (targets or {}).items():
        if problem not in study.problems:
            otherwise = f"there are {', '.join(study.problems)}."
            raise unknown("problem among the runs", problem, study.problems, otherwise)
        analysis.target_on(study.frame, problem, target, target_phase)
    study = replace(study, given_targets=dict(targets or {}), target_phase=target_phase)
    return replace(gathered, study=study)


def _gather(results: Results, *, baselines: bool) -> Gathered:
    if isinstance(results, Gathered):
        return results
    if isinstance(results, Study):
        return Gathered(results)
    if results is None:
        return Gathered(Study.of(load_baselines()))
    left_out: tuple[str, ...] = ()
    searches: tuple[Search, ...] = ()
    if isinstance(results, pd.DataFrame):
        frame, where = results, "the frame given"
    else:
        folders = [results] if isinstance(results, (str, os.PathLike)) else list(results)
        frame, left_out, searches = _read(folders)
        where = ", ".join(map(str, folders))
    if frame.empty:
        reason = f" ({len(left_out)} files could not be read: {left_out[0]})" if left_out else ""
        raise UsageError(
            f"There is no run in {where}{reason}; expected at least one record as "
            "`deepobs run … --results FOLDER` writes it."
        )
    if baselines:
        published = load_baselines()
        frame = analysis.combine(frame, published[published["problem"].isin(set(frame["problem"]))])
    return Gathered(replace(Study.of(frame), searches=searches), left_out)


def _read(
    folders: Sequence[Folder],
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[Search, ...]]:
    frames, left_out = [], []
    searches: dict[str, Search] = {}
    for folder in folders:
        try:
            found = read_records(folder)
        except FileNotFoundError as error:
            raise UsageError(f"There is no results folder {folder}.") from error
        frames.append(found.frame)
        left_out += [f"{file}: {reason}" for file, reason in found.unreadable]
        searches |= {search.name: search for search in found.searches}
    frame = frames[0] if len(frames) == 1 else analysis.combine(*frames)
    return frame, tuple(left_out), tuple(searches.values())
