"""Formatting of numbers: significant digits, powers of ten, units."""

from __future__ import annotations

import math

MISSING = "–"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BYTES = 1024


def number(value: float | None, digits: int = 4) -> str:
    """Formats a number with significant digits: `0.6821`, `87.4`, `1.2 × 10⁻⁵`.

    Args:
        value: Any number; missing ones are written as a dash.
        digits: Significant digits, at least one.

    Returns:
        Unicode text.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if -4 < exponent < 6:
        return _minus(f"{value:,.{max(digits - 1 - exponent, 0)}f}".replace(",", "\u2009"))
    mantissa, power = f"{value:.{min(digits, 3) - 1}e}".split("e")
    return _minus(f"{mantissa} × 10{str(int(power)).translate(_SUPERSCRIPT)}")


def plus_minus(mean: float | None, std: float | None) -> str:
    """Formats mean and spread to two digits of the spread: `0.682 ± 0.021`.

    Args:
        mean: The mean.
        std: Standard deviation of the same unit; missing when there is one run only.

    Returns:
        Unicode text.
    """
    if mean is None or not math.isfinite(mean):
        return number(mean)
    if std is None or not math.isfinite(std) or std == 0:
        return number(mean)
    decimals = _decimals(std)
    if decimals is None or abs(mean) >= 1e6:
        return f"{number(mean)} ± {number(std, 2)}"
    return _minus(f"{mean:.{decimals}f} ± {std:.{decimals}f}")


def latex_plus_minus(mean: float | None, std: float | None) -> str:
    r"""Formats mean and spread as LaTeX mathematics: `$0.682 \pm 0.021$`.

    Args:
        mean: The mean.
        std: Standard deviation of the same unit; missing when there is one run only.

    Returns:
        LaTeX source.
    """
    text = plus_minus(mean, std)
    if text == MISSING:
        return "--"
    text = (
        text.replace("−", "-").replace("∞", r"\infty").replace("±", r"\pm").replace("\u2009", r"\,")
    )
    if "× 10" in text:
        for digit, raised in zip("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True):
            text = text.replace(raised, f"^{{{digit}}}")
        text = text.replace("}^{", "").replace("× 10", r"\times 10")
    return f"${text}$"


def learning_rate(value: float) -> str:
    """Formats a learning rate for a label: `0.1585`, `2.512e-4`.

    Args:
        value: The learning rate.

    Returns:
        At most four significant digits; a dash where none was recorded.
    """
    if math.isnan(value):
        return MISSING
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{value:.4g}"
    mantissa, power = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def seconds(value: float | None) -> str:
    """Formats a duration in a suitable unit: `3.2 ms`, `41 s`, `2 h 05 min`.

    Args:
        value: Seconds.

    Returns:
        The text.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for limit, factor, unit in ((1e-3, 1e6, "µs"), (1, 1e3, "ms"), (120, 1, "s")):
        if value < limit:
            return f"{number(value * factor, 3)} {unit}"
    minutes = round(value / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"


def size(value: float | None) -> str:
    """Formats a number of bytes: `412 B`, `3.1 MiB`.

    Args:
        value: Bytes.

    Returns:
        The text.
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < _BYTES or unit == "GiB":
            break
        value /= _BYTES
    return f"{number(value, 3) if value % 1 else int(value)} {unit}"


def seed_ranges(seeds: list[int]) -> str:
    """Formats seeds, with consecutive ones as ranges: `42–51`, `1, 3, 7–9`.

    Args:
        seeds: Seeds in any order.

    Returns:
        The text.
    """
    parts: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if parts and seed == parts[-1][-1] + 1:
            parts[-1].append(seed)
        else:
            parts.append([seed])
    return ", ".join(
        ", ".join(map(str, part)) if len(part) < 3 else f"{part[0]}–{part[-1]}" for part in parts
    )


def p_value(value: float) -> str:
    """Formats a p-value to two digits: `0.031`, `< 0.001`.

    Args:
        value: Between 0 and 1, or NaN.

    Returns:
        The text.
    """
    if math.isnan(value):
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.2g}"


def interval(low: float, high: float, digits: int = 2) -> str:
    """Formats an interval with enough digits to distinguish its ends: `-25.4 to -25.1`.

    Args:
        low: Its lower end.
        high: Its upper end.
        digits: Significant digits, if they suffice.

    Returns:
        The text; a dash if an end is missing.
    """
    if math.isnan(low) or math.isnan(high):
        return MISSING
    while number(low, digits) == number(high, digits) and low != high and digits < 8:
        digits += 1
    return f"{number(low, digits)} to {number(high, digits)}"


def _decimals(std: float) -> int | None:
    exponent = math.floor(math.log10(abs(std)))
    return max(1 - exponent, 0) if -7 < exponent < 6 else None


def _minus(text: str) -> str:
    return text.replace("-", "−")
