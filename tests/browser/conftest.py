"""Chromium, and the built pages on a mock API."""

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.mock_api import BASE_URL, DIST, ROOT, MockApi

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=30_000)  # a page may be slow on a busy machine; that is measured elsewhere


@pytest.fixture(scope="session")
def built_pages() -> None:
    """Builds the pages where nobody has."""
    if not (DIST / "index.html").is_file():
        subprocess.run(["npm", "run", "build"], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def browser(built_pages: None) -> Iterator[Browser]:
    """Chromium for one module: while Playwright's synchronous side runs, no other test may start an event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-sync"])
        yield browser
        browser.close()


def _open(browser: Browser, size: dict[str, int]) -> Page:
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        base_url=BASE_URL,
        locale="zh-CN",
        timezone_id="America/New_York",  # the pages must show the hospital's zone, not the computer's
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


@pytest.fixture
def api() -> MockApi:
    return MockApi()


@pytest.fixture
def page(browser: Browser, api: MockApi) -> Iterator[Page]:
    """A desk's screen; the page must raise no error of its own."""
    page = _open(browser, DESK)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    api.install(page)
    yield page
    page.context.close()
    assert errors == []


@pytest.fixture
def phone(browser: Browser, api: MockApi) -> Iterator[Page]:
    page = _open(browser, PHONE)
    api.install(page)
    yield page
    page.context.close()
