"""Search strategies: pure functions of space, trials, seed and the values seen so far.

A killed search can therefore continue from its records alone, and several processes can share one:
each of them proposes the same settings, and no run is executed twice.
"""

import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Protocol

import numpy as np

from ..common import UsageError
from ._space import Point, Space

_MOST_POINTS = 100_000  # of a grid
_Index = tuple[int, ...]


class Strategy(Protocol):
    """A strategy, which proposes settings until all trials are used."""

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """Returns the settings to try next, all at once; empty when the search is over.

        Args:
            seen: Objective of each setting tried, by `key`; lower is better, infinite if diverged.
        """


STRATEGIES = ("grid", "random", "sobol", "tpe")


def make_strategy(
    name: str,
    space: Space,
    num_trials: int,
    seed: int,
    accepts: Callable[[Point], bool] = lambda _: True,
) -> Strategy:
    """Returns the strategy with a name; `tpe` is not one of these, since it needs a study.

    Args:
        name: The strategy's name.
        space: The search space.
        num_trials: Number of settings to try.
        seed: Seed of the search.
        accepts: Whether a setting can be tried; a grid leaves out those that cannot.
    """
    if name == "grid":
        return GridStrategy(space, num_trials, accepts)
    return ListStrategy(draw_points(name, space, num_trials, seed))


def draw_points(name: str, space: Space, count: int, seed: int) -> list[Point]:
    """Draws settings; a longer list begins with the same ones.

    Args:
        name: `random`, for independent uniform draws; or `sobol`, for a Sobol sequence (Joe and
            Kuo, 2008) with Owen scrambling.
        space: The search space.
        count: Number of settings.
        seed: Seed of the draws.
    """
    if name == "random":
        draws = np.random.default_rng(seed).random((count, len(space)))
    else:
        from scipy.stats import qmc

        # Sobol sequences are balanced for powers of two: draw that many and use the first ones.
        sampler = qmc.Sobol(d=len(space), scramble=True, rng=np.random.default_rng(seed))
        draws = sampler.random_base2(m=max(0, (count - 1).bit_length()))[:count]
    return [
        {name: space[name].at(float(unit)) for name, unit in zip(space, row, strict=True)}
        for row in draws
    ]


def key(settings: Point) -> str:
    """Returns a string that identifies a setting."""
    return json.dumps(dict(settings), sort_keys=True, default=str)


class ListStrategy:
    """A strategy with a fixed list of settings."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = list(points)

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """Returns all settings that have not been tried."""
        return [point for point in self._points if key(point) not in seen]


class GridStrategy:
    """The whole grid if there are enough trials, else a coarse grid refined around the best.

    The coarse grid uses up to half of the trials; if the choices alone have more combinations,
    these are drawn at random. Then the stride is halved repeatedly, and the neighbors of the best
    setting at that stride along each dimension are tried. At stride one, the neighbors of the next
    best settings follow until all trials are used.

    Args:
        space: The search space.
        num_trials: Number of settings to try.
        accepts: Whether a setting can be tried; others are left out.

    Raises:
        UsageError: If the grid has more than 100,000 points.
    """

    def __init__(
        self, space: Space, num_trials: int, accepts: Callable[[Point], bool] = lambda _: True
    ) -> None:
        self._names = tuple(space)
        self._values = tuple(dimension.grid() for dimension in space.values())
        self._ordered = tuple(dimension.ordered for dimension in space.values())
        self._num_trials = num_trials
        self._sizes = tuple(len(values) for values in self._values)
        if math.prod(self._sizes) > _MOST_POINTS:
            raise UsageError(
                f"The grid has {math.prod(self._sizes):,} points, more than {_MOST_POINTS:,}; use "
                "strategy random, sobol or tpe, or smaller ranges."
            )
        self._accepts = cache(lambda index: accepts(self._settings(index)))
        self._stride, self._first = self._coarse()

    def propose(self, seen: Mapping[str, float]) -> list[Point]:
        """Returns the next round of neighbors, or the first round."""
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
        """Returns the smallest stride (a power of 2) that leaves half of the trials to refine.

        If no point of that grid can be tried, the stride is halved until there is one.
        """
        stride = 1
        points = self._indices(stride)
        while len(points) > self._num_trials or (stride > 1 and len(points) > self._num_trials / 2):
            if stride >= max(self._sizes):  # the choices alone are too many
                drawn = np.random.default_rng(0).permutation(len(points))
                points = [points[i] for i in drawn[: -(-self._num_trials // 2)]]
                break
            stride *= 2
            points = self._indices(stride)
        while stride > 1 and not any(map(self._accepts, points)):
            stride //= 2
            points = self._indices(stride)
        accepted = filter(self._accepts, points)
        return stride, list(itertools.islice(accepted, self._num_trials))

    def _indices(self, stride: int) -> list[_Index]:
        """Returns the centered part of the grid with this stride; choices are kept whole."""
        places = [
            range((size - 1) % stride // 2, size, stride) if ordered else range(size)
            for size, ordered in zip(self._sizes, self._ordered, strict=True)
        ]
        return list(itertools.product(*places))

    def _refine(self, known: Mapping[_Index, float]) -> list[_Index]:
        """Returns unseen neighbors: of the best at halved strides, then of the next best."""
        if not known:
            return []
        ranking = sorted(known, key=lambda index: (known[index], index))
        stride = self._stride
        while stride > 1:
            stride //= 2
            if unseen := self._unseen(ranking[0], stride, known):
                return unseen
        if near := next(filter(None, (self._unseen(index, 1, known) for index in ranking)), []):
            return near
        # Points that cannot be tried may separate others from all neighbours.
        rest = (i for i in self._indices(1) if i not in known and self._accepts(i))
        return list(itertools.islice(rest, self._num_trials))

    def _unseen(self, index: _Index, stride: int, known: Mapping[_Index, float]) -> list[_Index]:
        """Returns untried neighbors at a distance along one dimension each."""
        near = []
        for axis, (size, ordered) in enumerate(zip(self._sizes, self._ordered, strict=True)):
            at = index[axis]
            places = [at - stride, at + stride] if ordered else list(range(size))
            near += [(*index[:axis], p, *index[axis + 1 :]) for p in places if 0 <= p < size]
        return [i for i in dict.fromkeys(near) if i not in known and self._accepts(i)]
