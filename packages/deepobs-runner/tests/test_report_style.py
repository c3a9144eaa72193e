"""One look per method."""

from deepobs.runner.report import method_styles


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


def test_twenty_one_methods_all_look_different():
    """Colour, line pattern and marker together tell 21 methods apart."""
    styles = method_styles([f"method {number:02}" for number in range(21)])
    assert len({(style.colour, style.dash) for style in styles.values()}) == 21


def test_users_methods_come_before_baselines():
    """The legend lists the user's methods first."""
    assert list(method_styles(["A (baseline)", "Z"])) == ["Z", "A (baseline)"]
