"""Reports opened in a browser: Debian's Chromium, driven by playwright."""

import shutil

import pytest

from deepobs.runner import write_report

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    if CHROMIUM is None:
        pytest.skip("needs chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a page and watches it: whatever goes wrong, or leaves, fails the test at its end."""
    contexts, troubles = [], []

    def dismiss(dialog):
        troubles.append("dialog")
        dialog.dismiss()

    def open_page(
        path, *, fragment="", width=1280, height=900, dark=False, touch=False, within=None
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on(
            "console",
            lambda message: (
                troubles.append(f"console: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on("dialog", dismiss)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(((within or path).as_uri(), "data:", "blob:"))
                else troubles.append(f"request: {request.url}")
            ),
        )
        page.goto(path.as_uri() + fragment)
        page.wait_for_function("document.getElementById('filter-status').textContent !== ''")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture(scope="package")
def path(study_frame, tmp_path_factory):
    """The report of the made-up study beside the published baselines."""
    return write_report(study_frame, tmp_path_factory.mktemp("page") / "r.html", baselines=True)


@pytest.fixture(scope="package")
def baselines_path(tmp_path_factory):
    """The report of the published baselines: three methods on eight problems."""
    return write_report(None, tmp_path_factory.mktemp("baselines") / "r.html")
