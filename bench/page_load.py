"""First load of the staff's pages on loopback, from a cold browser to usable: sign-in, and a nurse's workbench."""

import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench import stack, world
from bench.figures import Figure, at_most, percentile
from core_api.kit.web import SESSION_COOKIE

GOAL_SECONDS = 1.5
CHROMIUM = Path("/usr/bin/chromium")
LOADS = 5
FULL_LOADS = 20
PATIENTS = 500
SIGN_IN = "button:has-text('登录')"
WORKBENCH = "h1:has-text('您好')"


def measure(scale: float) -> list[Figure]:
    loads = LOADS if scale < 1 else FULL_LOADS
    with tempfile.TemporaryDirectory() as folder, stack.initialised(Path(folder), {}) as (settings, runtime):
        world.add_tasks(runtime, world.add_patients(runtime, PATIENTS), "satisfaction")
        token = world.token(runtime, "nurse", "cookie")
        with stack.running(settings, ["web"]), sync_playwright() as playwright:
            program = str(CHROMIUM) if CHROMIUM.exists() else None
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            stranger = [_load(browser, settings.web_url, "/login", SIGN_IN, None) for _ in range(loads)]
            nurse = [_load(browser, settings.web_url, "/", WORKBENCH, token) for _ in range(loads)]
            browser.close()
    note = f"median of {loads} loads, nothing cached"
    return [
        at_most("staff page, first load to sign-in", percentile(stranger, 0.5), "s", GOAL_SECONDS, note),
        at_most("staff page, first load to the workbench", percentile(nurse, 0.5), "s", GOAL_SECONDS, note),
    ]


def _load(browser: Browser, url: str, path: str, usable: str, token: str | None) -> float:
    """Seconds until what the page is for can be seen, in a context of its own."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    if token:
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": url}])
    page = context.new_page()
    begun = time.monotonic()
    page.goto(url + path, wait_until="commit")
    page.locator(usable).first.wait_for(state="visible")
    seconds = time.monotonic() - begun
    context.close()
    return seconds
