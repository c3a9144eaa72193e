"""Figures for print: 8 pt text at the size they are set, the same looks everywhere."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ._runs import Floats
from ._style import MethodStyle, paper_style

NAMES = {
    "test_loss": "Test loss",
    "train_loss": "Training loss",
    "valid_loss": "Validation loss",
    "test_accuracy": "Test accuracy",
    "train_accuracy": "Training accuracy",
    "valid_accuracy": "Validation accuracy",
}
AXIS_NAMES = {"epoch": "Epoch", "steps": "Step", "seconds": "Seconds of training"}


class PaperFigure(Figure):
    """A matplotlib figure that saves and shows itself in the style it was drawn in.

    It belongs to no window and no pyplot state, so that many can be made; a notebook shows it.
    """

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Saves the figure as `matplotlib.figure.Figure.savefig` does."""
        with paper_style():
            super().savefig(fname, **kwargs)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=200)
        return buffer.getvalue()


def percent(metric: str) -> float:
    """The factor that turns a metric's values into what is shown: per cent for accuracies."""
    return 100.0 if metric.endswith("accuracy") else 1.0


def axis_label(metric: str) -> str:
    """A metric's name as an axis shows it."""
    return NAMES[metric] + (" (%)" if percent(metric) != 1 else "")


def legend(figure: Figure, styles: dict[str, MethodStyle], methods: Iterable[str]) -> None:
    """Puts the legend below all panels, as many entries a line as fit.

    Args:
        figure: The figure.
        styles: All styles.
        methods: The methods drawn.
    """
    drawn = set(methods)
    labels = [label for label in styles if label in drawn]
    handles = [
        Line2D([], [], **line(styles[label]), marker=styles[label].marker) for label in labels
    ]
    longest = max(map(len, labels), default=1)
    characters = figure.get_figwidth() * 17  # that many fit into an inch of 7 pt text
    columns = max(1, min(len(labels), int(characters // (longest + 8))))
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, handlelength=2.4)


def line(style: MethodStyle) -> dict[str, Any]:
    """A method's line, as matplotlib's keyword arguments."""
    return {"color": style.colour, "linestyle": style.linestyle}


def limits(ax: Axes, metric: str, curves: list[Floats], *, log: bool) -> None:
    """Keeps a few very large values (the start, a blow-up) from flattening everything else.

    Args:
        ax: The panel.
        metric: What is drawn.
        curves: The lines' values, the state before training first.
        log: Whether the axis is logarithmic.
    """
    values = np.concatenate([curve[1:] for curve in curves]) if curves else np.empty(0)
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if len(values) < 3 or values.min() == values.max():
        return
    low, high = float(values.min()), float(values.max())
    if not metric.endswith("accuracy"):
        high = min(high, 1.3 * float(np.quantile(values, 0.97)))
    if log:
        margin = (high / low) ** 0.05
        ax.set_ylim(low / margin, high * margin)
    elif high > low:
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def plain_ticks(ax: Axes, values: Iterable[float]) -> None:
    """Writes the ticks of a logarithmic axis as plain numbers when it spans little."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    finite = [value for value in values if np.isfinite(value) and value > 0]
    if finite and max(finite) / min(finite) < 100 and max(finite) < 1e5 and min(finite) > 1e-3:
        ax.yaxis.set_major_locator(MaxNLocator(5, min_n_ticks=3))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
