"""Leaderboards: a site that shows the results in a folder of bundles."""

from ._site import Site, leaderboard

__all__ = ["Site", "leaderboard"]
