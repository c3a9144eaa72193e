"""Which settings a search tries next: pure functions of space, trials, seed and what was seen.

That is why a killed search goes on, and why several processes can share one, with nothing but the
records: each of them proposes the same settings, and a run is never done twice.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ._space import Point, Space

_Index = tuple[int, ...]


class Strategy(Protocol):
    """Proposes settings until all trials are used."""

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """The settings to try next, all at once; empty when the search is over.

        Args:
            seen: The objective of what was tried, by `key`; lower is better, infinite if diverged.
        """


STRATEGIES = ("grid", "random", "sobol", "tpe")


def make_strategy(name: str, space: Space, num_trials: int, seed: int) -> Strategy:
    """The strategy of a name; `tpe` is no such thing, since it needs a study."""
    if name == "grid":
        return GridStrategy(space, num_trials)
    return {"random": random_strategy, "sobol": sobol_strategy}[name](space, num_trials, seed)


def key(settings: Point) -> str:
    """A setting as a text that identifies it."""
    return json.dumps(dict(settings), sort_keys=True, default=str)


class ListStrategy:
    """Tries a list of settings that is known from the start."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = list(points)

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """All that were not tried."""
        return [point for point in self._points if key(point) not in seen]


class GridStrategy:
    """The whole grid if there are trials enough, else a coarse part of it, refined around the best.

    The coarse part uses up to half of the trials. Then the distance is halved again and again: the
    neighbours of the best setting, at that distance along each dimension, are tried. At distance
    one it goes on with the neighbours of the next best settings until all trials are used.

    Args:
        space: What to choose from.
        num_trials: How many settings to try.
    """

    def __init__(self, space: Space, num_trials: int) -> None:
        self._names = tuple(space)
        self._values = tuple(dimension.grid() for dimension in space.values())
        self._ordered = tuple(dimension.ordered for dimension in space.values())
        self._num_trials = num_trials
        self._sizes = tuple(len(values) for values in self._values)
        self._stride, self._first = self._coarse()

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """The next round of neighbours, or the first round."""
        known = {
            index: seen[key(self._settings(index))]
            for index in self._indices(1)
            if key(self._settings(index)) in seen
        }
        chosen = [index for index in self._first if index not in known]
        if not chosen:
            chosen = self._refine(known)
        return [self._settings(index) for index in chosen[: self._num_trials - len(known)]]

    def _settings(self, index: _Index) -> Point:
        values = (held[place] for held, place in zip(self._values, index, strict=True))
        return dict(zip(self._names, values, strict=True))

    def _coarse(self) -> tuple[int, list[_Index]]:
        """The smallest stride, a power of two, that leaves half of the trials for refinement."""
        stride = 1
        points = self._indices(stride)
        while len(points) > self._num_trials or (stride > 1 and len(points) > self._num_trials / 2):
            if stride >= max(self._sizes):
                return stride, points[: self._num_trials]
            stride *= 2
            points = self._indices(stride)
        return stride, points

    def _indices(self, stride: int) -> list[_Index]:
        """The part of the grid with this stride, centred; choices are taken whole."""
        places = [
            range((size - 1) % stride // 2, size, stride) if ordered else range(size)
            for size, ordered in zip(self._sizes, self._ordered, strict=True)
        ]
        return list(itertools.product(*places))

    def _refine(self, known: Mapping[_Index, float]) -> list[_Index]:
        """Unseen neighbours: of the best at halved distances, then of the next best ones."""
        ranking = sorted(known, key=lambda index: (known[index], index))
        stride = self._stride
        while stride > 1:
            stride //= 2
            if unseen := self._unseen(ranking[0], stride, known):
                return unseen
        return next(filter(None, (self._unseen(index, 1, known) for index in ranking)), [])

    def _unseen(self, index: _Index, stride: int, known: Mapping[_Index, float]) -> list[_Index]:
        """Neighbours at a distance along one dimension each, that were not tried."""
        near = []
        for axis, (size, ordered) in enumerate(zip(self._sizes, self._ordered, strict=True)):
            at = index[axis]
            places = [at - stride, at + stride] if ordered else list(range(size))
            near += [(*index[:axis], p, *index[axis + 1 :]) for p in places if 0 <= p < size]
        return [index for index in dict.fromkeys(near) if index not in known]


def random_strategy(space: Space, num_trials: int, seed: int) -> Strategy:
    """Independent uniform draws; a larger number begins with the same settings."""
    draws = np.random.default_rng(seed).random((num_trials, len(space)))
    return ListStrategy(_points(space, draws))


def sobol_strategy(space: Space, num_trials: int, seed: int) -> Strategy:
    """A scrambled Sobol sequence (Joe, Kuo 2008; Owen's scrambling): even cover of the space."""
    from scipy.stats import qmc

    # A power of two is drawn, as the sequence wants it, and its beginning used.
    sampler = qmc.Sobol(d=len(space), scramble=True, rng=np.random.default_rng(seed))
    draws = sampler.random_base2(m=max(0, (num_trials - 1).bit_length()))[:num_trials]
    return ListStrategy(_points(space, draws))


def _points(space: Space, draws: Any) -> list[Point]:
    return [
        {name: space[name].at(float(unit)) for name, unit in zip(space, row, strict=True)}
        for row in draws
    ]
