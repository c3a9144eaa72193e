"""What a page says of its intervals and of tuning budgets."""

import report_cases

from deepobs.runner.report import write_report


def page_of(runs, tmp_path):
    frame = report_cases.frame_of(runs, tmp_path / "results")
    page = write_report(frame, tmp_path / "report.html").read_text()
    return page.replace("\\u2212", "\N{MINUS SIGN}")  # JSON escapes it


def steady(name, level, rate=0.1):
    """Five runs of a method whose final accuracies differ by less than 0.3 points."""
    accuracies = [[0.1, level + 0.0003 * seed] for seed in (2, 0, 3, 1, 4)]
    return [
        report_cases.run_fields(
            *("p", name, rate, seed, 0.5), test_accuracies=values, train_accuracies=values, epochs=1
        )
        for seed, values in enumerate(accuracies)
    ]


def test_the_ends_of_narrow_intervals_differ(tmp_path):
    """No interval of a pair is printed as `−25 to −25`, and its kind is Student's or Welch's."""
    worse = steady("A", 0.6)
    worse[0]["test_accuracies"] = [0.1, 0.601]  # so that the differences vary
    page = page_of([*worse, *steady("B", 0.85)], tmp_path)
    assert "−25 to −25" not in page
    assert "−25.01 to −24.97" in page
    assert "Student's t of paired runs, Welch's of others" in page
    assert "bootstrap" not in page.split("<script")[0]


def test_unequal_budgets_are_printed_beside_the_methods(tmp_path):
    """The cells tell how many settings of each method were tried."""
    tuned = [run for rate in (0.01, 0.1, 1.0) for run in steady("B", 0.85 - rate / 100, rate)]
    page = page_of([*steady("A", 0.6), *tuned], tmp_path)
    assert "1 setting tried" in page
    assert "3 settings tried" in page


def test_a_time_to_target_has_the_digits_it_needs(tmp_path):
    """It is "2 epochs, 14 steps", not "2.00000 epochs, 14.0000 steps"."""
    accuracies = [0.1, 0.3, 0.6]
    runs = [
        report_cases.run_fields(
            *("p", name, 0.1, seed, 0.5),
            test_accuracies=accuracies,
            train_accuracies=accuracies,
            epochs=2,
        )
        | {"convergence_target": 0.5}
        for name in ("A", "B")
        for seed in range(3)
    ]
    assert "2 epochs, 14 steps" in page_of(runs, tmp_path)
