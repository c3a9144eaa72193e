"""The style of each method, on the page and in all figures.

Colors are those of Okabe and Ito (2008), which are safe for color-blind readers, darkened where a
line would be too faint on white (WCAG 2.2 requires a contrast of 3); line pattern and marker differ
as well.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Okabe & Ito without black (the text's colour) and yellow (too faint on white); orange and sky blue
# darker, and vermilion too, which the darker orange would come too near.
COLOURS = (
    *("#0072B2", "#C24F00", "#009E73", "#CC79A7", "#CC8400", "#3E98EA", "#7F6A4F"),
    *("#5B2A86", "#8C1020", "#2A35C8", "#1F4D1F", "#A3179E"),
)
# The same hues, lighter, for a dark background.
DARK_COLOURS = (
    *("#4FA8E0", "#F28A4B", "#35C49A", "#E3A3C6", "#F2B84B", "#8CCBF0", "#B8A78F"),
    *("#A855F0", "#D6628A", "#7F8CF5", "#84AA2E", "#F0F0C8"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "h", "<", ">")  # matplotlib's names
HATCHES = (  # of bars, which have no marker
    *("", "////", "....", "xxxx", "\\\\\\\\", "----", "oooo"),
    *("||||", "++++", "**", "//..", "--||"),
)
SYMBOLS = (  # plotly's names
    *("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x"),
    *("star", "pentagon", "hexagon2", "triangle-left", "triangle-right"),
)
OWN_DASHES = ("solid", "dashdot", "longdash")
BASELINE_DASH = "dot"
_MATPLOTLIB_DASHES: dict[str, str | tuple[int, tuple[float, ...]]] = {
    "solid": "-",
    "dashdot": (0, (5.0, 1.5, 1.0, 1.5)),
    "longdash": (0, (7.0, 2.0)),
    "dot": (0, (1.2, 1.2)),
}
BASELINE_SUFFIX = " (baseline)"

LATEX_PROGRAM = "pdflatex"
COLUMN_WIDTH = 3.25  # inches: one column of a two-column paper
TEXT_WIDTH = 6.75  # inches: both columns


@dataclass(frozen=True, kw_only=True)
class MethodStyle:
    """The style of one method.

    Attributes:
        colour: On a light background, as `#RRGGBB`.
        dark_colour: On a dark background.
        dash: Line pattern, as plotly calls it.
        marker: Marker, as matplotlib calls it.
        symbol: The same marker, as plotly calls it.
        hatch: Pattern of bars, as matplotlib calls it.
        filled: Whether markers are filled; those of baselines next to a user's methods are open.
    """

    colour: str
    dark_colour: str
    dash: str
    marker: str
    symbol: str
    hatch: str
    filled: bool = True

    @property
    def linestyle(self) -> str | tuple[int, tuple[float, ...]]:
        """The line pattern as matplotlib takes it."""
        return _MATPLOTLIB_DASHES[self.dash]


def method_styles(methods: Iterable[str]) -> dict[str, MethodStyle]:
    """Assigns a color, line pattern and marker to every method.

    A baseline takes the color of the user's method of the same name, dotted and with open markers:
    "SGD" and "SGD (baseline)" belong together.

    Args:
        methods: Labels of all methods, in any order.

    Returns:
        The styles by label, the user's methods first, each part in alphabetical order.
    """
    labels = sorted(set(methods), key=str.casefold)
    own = [label for label in labels if not label.endswith(BASELINE_SUFFIX)]
    published = [label for label in labels if label.endswith(BASELINE_SUFFIX)]
    places: dict[str, int] = {label: place for place, label in enumerate(own)}
    styles = {label: _style(place, place // len(COLOURS)) for label, place in places.items()}
    if not own:  # only baselines
        return {label: _style(place, 0) for place, label in enumerate(published)}
    for label in published:
        place = places.setdefault(label.removesuffix(BASELINE_SUFFIX), len(places))
        styles[label] = _style(place, -1)
    return styles


def _style(place: int, round_: int) -> MethodStyle:
    hue = place % len(COLOURS)
    shape = (place + place // len(COLOURS)) % len(MARKERS)  # another one in each round of colours
    dash = BASELINE_DASH if round_ < 0 else OWN_DASHES[round_ % len(OWN_DASHES)]
    return MethodStyle(
        colour=COLOURS[hue],
        dark_colour=DARK_COLOURS[hue],
        dash=dash,
        marker=MARKERS[shape],
        symbol=SYMBOLS[shape],
        hatch=HATCHES[shape],
        filled=round_ >= 0,
    )


@contextmanager
def paper_style() -> Iterator[None]:
    """Context with matplotlib's settings for print: 8 pt text at final size.

    The user's matplotlibrc and settings have no effect on the figures.
    """
    import matplotlib as mpl  # here: half a second that `deepobs --help` need not pay

    settings: dict[Any, Any] = {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.labelsize": 8,
        "legend.fontsize": 7,
        "xtick.labelsize": 7,
        "ytick.labelsize": 7,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "lines.linewidth": 1.2,
        "lines.markersize": 3.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#E3E3E3",
        "grid.linewidth": 0.5,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
        "savefig.dpi": 300,
        "pdf.fonttype": 42,  # TrueType: journals reject the default, Type 3
        "ps.fonttype": 42,
        "svg.hashsalt": "deepobs",
        "pgf.texsystem": LATEX_PROGRAM,
        "pgf.rcfonts": False,
    }
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(settings)
        # A name may hold an emoji that the font lacks: a box stands for it, and nothing is wrong.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        yield
