"""Figures for print: 8 pt text at final size, in a uniform style."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from ..study import (
    Floats,
    MethodStyle,
    paper_style,
)


class PaperFigure(Figure):
    """A matplotlib figure that keeps its style when it is saved or shown.

    It is independent of pyplot and windows; notebooks display it.
    """

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Saves the figure as `matplotlib.figure.Figure.savefig` does."""
        with paper_style():
            super().savefig(fname, **kwargs)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=200)
        return buffer.getvalue()


def wrapped(text: str, width: int) -> str:
    """Breaks a long name into up to four lines.

    Args:
        text: The name; a dollar sign in it does not start a formula.
        width: Number of characters per line.

    Returns:
        The lines; an ellipsis replaces the rest of a longer name.
    """
    lines = textwrap.wrap(text, width, max_lines=4, placeholder="\u2026")
    return "\n".join(lines).replace("$", r"\$")


def legend(
    figure: Figure, styles: dict[str, MethodStyle], methods: Iterable[str], *, bars: bool = False
) -> None:
    """Adds the legend below all panels, with as many entries per line as fit.

    Args:
        figure: The figure; it grows if the legend has more than two lines.
        styles: All styles.
        methods: The methods drawn.
        bars: Whether the methods are drawn as bars.
    """
    drawn = set(methods)
    names = [label for label in styles if label in drawn]
    if not names:
        return
    characters = int(figure.get_figwidth() * 17)  # 17 characters per inch of 7 pt text
    labels = [wrapped(name, characters - 8) for name in names]
    longest = max(len(row) for label in labels for row in label.splitlines())
    columns = max(1, min(len(labels), characters // (longest + 8)))
    lines = math.ceil(sum(label.count("\n") + 1 for label in labels) / columns)
    figure.set_figheight(figure.get_figheight() + 0.14 * max(lines - 2, 0))
    handles = [
        Patch(**bar(styles[name])) if bars else Line2D([], [], **marked(styles[name]))
        for name in names
    ]
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=2.4)


def line(style: MethodStyle) -> dict[str, Any]:
    """Returns a method's line, as matplotlib's keyword arguments."""
    return {"color": style.colour, "linestyle": style.linestyle}


def marked(style: MethodStyle) -> dict[str, Any]:
    """Returns a method's line with its marker."""
    face = style.colour if style.filled else "white"
    return line(style) | {"marker": style.marker, "markerfacecolor": face}


def bar(style: MethodStyle) -> dict[str, Any]:
    """Returns the style of a method's bars, with colors swapped for baselines."""
    inside, lines = (style.colour, "white") if style.filled else ("white", style.colour)
    return {"facecolor": inside, "edgecolor": lines, "hatch": style.hatch, "linewidth": 0.6}


def value_axis(ax: Axes, curves: Sequence[Floats], *, larger: bool, log: bool) -> None:
    """Sets the scale of a metric's axis.

    Args:
        ax: The panel.
        curves: The lines' values, the state before training first.
        larger: Whether larger values are better.
        log: Whether the axis is logarithmic, if any value can be shown there.
    """
    log = log and any((row > 0).any() for row in curves)
    if log:
        ax.set_yscale("log")
    limits(ax, curves, larger=larger, log=log)
    if log:
        plain_ticks(ax, ax.get_ylim())


def whole_ticks(ax: Axes) -> None:
    """Restricts the ticks of a horizontal axis of counts to integers."""
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))


def name_missing(ax: Axes, methods: Sequence[str]) -> None:
    """Notes below a panel which methods have no data for it.

    Args:
        ax: The panel, with its axis labeled.
        methods: Their labels; if empty, nothing is added.
    """
    if methods:
        figure, grid = ax.get_figure(root=True), ax.get_gridspec()
        assert figure is not None and grid is not None  # noqa: PT018 - panels have both
        width = int(figure.get_figwidth() * 15 / grid.ncols)
        text = wrapped(f"(not recorded: {', '.join(methods)})", width)
        ax.set_xlabel(f"{ax.get_xlabel()}\n{text}")


def limits(ax: Axes, curves: Sequence[Floats], *, larger: bool, log: bool) -> None:
    """Limits the axis, so that a few very large values do not flatten the rest.

    Args:
        ax: The panel.
        curves: The lines' values, the state before training first.
        larger: Whether larger values are better, so that the largest must be seen.
        log: Whether the axis is logarithmic.
    """
    values = np.concatenate([curve[1:] for curve in curves]) if curves else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if len(values) < 3 or values.min() == values.max():
        return
    low, high = float(values.min()), float(values.max())
    if not larger:
        high = min(high, 1.3 * float(np.quantile(values, 0.97)))
    if log:
        margin = (high / low) ** 0.05
        ax.set_ylim(low / margin, high * margin)
    elif high > low:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def plain_ticks(ax: Axes, values: Iterable[float]) -> None:
    """Formats the ticks of a short logarithmic axis as plain numbers."""
    finite = [value for value in values if np.isfinite(value) and value > 0]
    if finite and max(finite) / min(finite) < 100 and max(finite) < 1e5 and min(finite) > 1e-3:
        ax.yaxis.set_major_locator(MaxNLocator(5, min_n_ticks=3))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
