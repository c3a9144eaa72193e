"""What a reader sees and does before scrolling, in Chromium."""

import pytest

SIZES = [(390, 844), (1280, 800)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_sentence_and_matrix_are_on_the_first_screen(visit, baselines_path, width, height, dark):
    """For three methods and eight problems both are wholly visible, with nothing cut off."""
    page = visit(baselines_path, width=width, height=height, dark=dark, touch=width < 700)
    for selector in (".lead", ".matrix"):
        box = page.locator(selector).bounding_box()
        assert box["y"] >= 0
        assert box["x"] >= 0
        assert box["y"] + box["height"] <= height
        assert box["x"] + box["width"] <= width
    cells = page.locator(".matrix .cell").all()
    assert len(cells) == 3 * 9
    for cell in cells:
        assert cell.evaluate("e => e.scrollWidth <= e.clientWidth && e.offsetHeight > 0")


def test_the_turned_matrix_begins_at_the_left(visit, baselines_path):
    """On a phone nothing stands before the names of the problems, which need the width."""
    page = visit(baselines_path, width=390, height=844, touch=True)
    left = "e => e.getBoundingClientRect().left"
    edge = page.locator(".matrix").evaluate(left)
    for heading in page.locator(".matrix thead th").all():
        assert heading.evaluate(left) == pytest.approx(edge, abs=1)


def test_a_cell_opens_its_statistics(visit, baselines_path):
    """A tap shows value, rank and test below the matrix; another closes them, as Escape does."""
    page = visit(baselines_path, width=390, height=844, touch=True)
    cell = page.locator('.matrix td[data-problem="svhn_wrn164"] .cell').first
    detail = page.locator("#matrix-detail")
    assert not detail.is_visible()
    cell.tap()
    assert "permutation test" in detail.inner_text()
    assert cell.get_attribute("aria-expanded") == "true"
    box = detail.bounding_box()
    assert box["y"] + box["height"] <= 844
    cell.tap()
    assert not detail.is_visible()
    cell.tap()
    page.keyboard.press("Escape")
    assert not detail.is_visible()


def test_bold_marks_what_is_not_told_apart(visit, baselines_path):
    """On cifar100_allcnnc one method is bold, on fmnist_2c2d all three are."""
    page = visit(baselines_path)
    weight = "e => getComputedStyle(e).fontWeight"
    for problem, bold in (("cifar100_allcnnc", 1), ("fmnist_2c2d", 3)):
        values = page.locator(f'.matrix td[data-problem="{problem}"] .value').all()
        assert sum(value.evaluate(weight) == "700" for value in values) == bold


def test_filters_grey_out_the_verdict_and_say_so(visit, baselines_path):
    """With a method or problem filtered out, sentence and matrix are no conclusion about it."""
    page = visit(baselines_path)
    lead = page.locator(".lead")
    opacity = "e => Number(getComputedStyle(e).opacity)"
    assert lead.evaluate(opacity) == 1
    page.get_by_label("SGD (baseline)", exact=True).uncheck()
    page.get_by_label("Show mnist_vae").uncheck()
    assert lead.evaluate(opacity) < 0.6
    note = page.locator("[data-stale]").first
    assert "1 method and 1 problem are filtered out" in note.inner_text()
    note.get_by_role("button", name="Show everything").click()
    assert lead.evaluate(opacity) == 1
    assert not note.is_visible()


def test_a_filtered_problem_leaves_the_matrix_in_order(visit, baselines_path):
    """On a phone, where the matrix is turned, rows stay with their problems."""
    page = visit(baselines_path, fragment="#problem=svhn_wrn164&problem=mnist_vae", width=390)
    for problem in ("svhn_wrn164", "mnist_vae"):
        parts = page.locator(f'.matrix [data-problem="{problem}"]').all()
        boxes = [part.bounding_box() for part in parts]
        centres = [box["y"] + box["height"] / 2 for box in boxes]
        assert len(parts) == 4
        assert max(centres) - min(centres) < 2
