"""One look per method."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from deepobs.runner.report.figures import figure_learning_curves
from deepobs.runner.report.study import method_styles
from deepobs.runner.report.study._style import COLOURS, DARK_COLOURS


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it."""
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_a_method_looks_the_same_whatever_the_order_of_names():
    """A method's look does not depend on the order in which methods come."""
    names = ["Adam", "SGD", "SGD momentum=0.9"]
    assert method_styles(names) == method_styles(reversed(names))


def test_a_baseline_takes_its_own_methods_colour_dotted():
    """The baseline of an optimizer has the colour of the user's runs of it, and another line."""
    styles = method_styles(["SGD (baseline)", "SGD", "Adam"])
    assert styles["SGD (baseline)"].colour == styles["SGD"].colour
    assert styles["SGD (baseline)"].dash == "dot"
    assert styles["SGD"].dash == "solid"


def test_a_baseline_has_open_markers_beside_a_users_methods():
    """Where only markers are drawn, that is what tells a baseline; alone it is filled."""
    styles = method_styles(["SGD (baseline)", "SGD"])
    assert (styles["SGD"].filled, styles["SGD (baseline)"].filled) == (True, False)
    assert method_styles(["SGD (baseline)"])["SGD (baseline)"].filled


def test_a_baseline_does_not_take_the_look_of_another_setting():
    """Plain SGD's baseline is not "SGD momentum=0.9", though its name begins the same."""
    styles = method_styles(["SGD (baseline)", "SGD momentum=0.9"])
    assert styles["SGD (baseline)"].colour != styles["SGD momentum=0.9"].colour


@pytest.mark.parametrize(
    ("colours", "background"), [(COLOURS, "#ffffff"), (DARK_COLOURS, "#1d2025")]
)
def test_lines_stand_out_from_the_background(colours, background):
    """Every colour has a contrast of at least 3 to 1 with the page (WCAG 2.2, 1.4.11)."""
    for colour in colours:
        low, high = sorted([luminance(colour), luminance(background)])
        assert (high + 0.05) / (low + 0.05) >= 3, colour


def test_neither_colours_nor_markers_repeat_before_twelve():
    """Twelve methods have twelve colours, dark colours, markers and patterns of bars."""
    styles = method_styles([f"method {number:02}" for number in range(12)]).values()
    for part in ("colour", "dark_colour", "marker", "symbol", "hatch"):
        assert len({getattr(style, part) for style in styles}) == 12, part


def test_forty_methods_all_look_different():
    """Colour and marker together distinguish forty methods."""
    styles = method_styles([f"method {number:02}" for number in range(40)])
    assert len({(style.colour, style.marker) for style in styles.values()}) == 40


def test_figures_do_not_depend_on_a_users_settings(study_frame):
    """Whatever a matplotlibrc says, a figure is drawn the same, pixel by pixel."""
    usual = figure_learning_curves(study_frame, "quadratic_deep")._repr_png_()
    changed: dict[Any, object] = {
        "axes.facecolor": "black",
        "font.size": 30,
        "lines.marker": "x",
        "axes.grid.axis": "y",
    }
    with mpl.rc_context(changed):
        assert figure_learning_curves(study_frame, "quadratic_deep")._repr_png_() == usual
        assert mpl.rcParams["font.size"] == 30


def test_users_methods_come_before_baselines():
    """The legend lists the user's methods first."""
    assert list(method_styles(["A (baseline)", "Z"])) == ["Z", "A (baseline)"]
