"""Numbers as people read them."""

import math

import pytest

from deepobs.runner.report.text import _format


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.68213, "0.6821"),
        (87.4, "87.40"),
        (0, "0"),
        (-1.5, "−1.500"),
        (1.2e-7, "1.20 × 10⁻⁷"),
        (3.4e38, "3.40 × 10³⁸"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (None, "–"),
    ],
)
def test_numbers_have_four_significant_digits_or_a_power_of_ten(value, text):
    """Numbers have four significant digits or a power of ten."""
    assert _format.number(value) == text


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (0.68213, 0.0213, "0.682 ± 0.021"),
        (87.4049, 0.1749, "87.40 ± 0.17"),
        (59.2, 17.9, "59 ± 18"),
        (105.33, 0.0, "105.3"),
        (1.5, math.nan, "1.500"),
        (math.nan, math.nan, "–"),
    ],
)
def test_a_mean_has_the_digits_that_its_spread_supports(mean, std, text):
    """A mean has the digits that its spread supports: two of the spread."""
    assert _format.plus_minus(mean, std) == text


def test_huge_means_are_written_with_powers_of_ten_on_both_sides():
    """Huge means are written with powers of ten on both sides."""
    assert _format.plus_minus(3.4e30, 1e29) == "3.40 × 10³⁰ ± 1.0 × 10²⁹"


def test_latex_writes_powers_as_mathematics():
    """LaTeX gets powers as exponents and the sign as a command."""
    assert _format.latex_plus_minus(0.68213, 0.0213) == r"$0.682 \pm 0.021$"
    assert _format.latex_plus_minus(-3.4e-30, math.nan) == r"$-3.40 \times 10^{-30}$"
    assert _format.latex_plus_minus(math.nan, math.nan) == "--"


@pytest.mark.parametrize(
    ("rate", "text"),
    [(0.1584893, "0.1585"), (2.511886e-4, "2.512e-4"), (1e-5, "1e-5"), (100, "100")],
)
def test_learning_rates_fit_a_label(rate, text):
    """Learning rates are short enough for a label."""
    assert _format.learning_rate(rate) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3.2e-6, "3.20 µs"), (0.0123, "12.3 ms"), (41, "41.0 s"), (7500, "2 h 05 min")],
)
def test_durations_come_in_the_unit_that_suits_them(value, text):
    """Durations come in the unit that suits them."""
    assert _format.seconds(value) == text


def test_sizes_come_in_binary_units():
    """Sizes come in binary units."""
    assert _format.size(412) == "412 B"
    assert _format.size(3 * 2**20) == "3 MiB"
    assert _format.size(math.nan) == "–"


def test_neighbouring_seeds_are_joined():
    """Seeds in a row are written as a range."""
    assert _format.seed_ranges([44, 42, 43, 7, 1, 2]) == "1, 2, 7, 42–44"


def test_small_p_values_are_bounded_not_rounded_to_zero():
    """Small p-values are bounded, not rounded to zero."""
    assert _format.p_value(0.0002) == "< 0.001"
    assert _format.p_value(0.0312) == "0.031"
    assert _format.p_value(math.nan) == "–"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-25.41, -25.12, "−25.4 to −25.1"),
        (-25.0, -24.0, "−25 to −24"),
        (0.9991, 0.9994, "0.9991 to 0.9994"),
        (2.0, 2.0, "2.0 to 2.0"),
        (math.nan, 1.0, "–"),
    ],
)
def test_the_ends_of_an_interval_are_told_apart(low, high, text):
    """An interval is written with as many digits as its ends need to differ."""
    assert _format.interval(low, high) == text
