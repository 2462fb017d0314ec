"""The pages on the real web process, with the sample export imported and planned."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK
from tests.browser.live_server import LiveServer, started

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live_server(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with started(tmp_path_factory.mktemp("live")) as server:
        yield server


@pytest.fixture
def nurse(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A nurse who is signed in; no answer of the server may be an error."""
    context = browser.new_context(
        viewport={"width": DESK["width"], "height": DESK["height"]},
        base_url=live_server.url,
        locale="zh-CN",
        timezone_id="America/New_York",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    _sign_in(page, live_server, "nurse")
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    context.close()
    assert failed == []


def _sign_in(page: Page, server: LiveServer, role: str) -> None:
    username, password = server.accounts[role]
    page.goto("/login")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("您好")


class TestEveryPage:
    @pytest.mark.parametrize(
        ("path", "heading"),
        [
            ("/alerts", "预警"),
            ("/rechecks", "复核"),
            ("/people", "待人工处理"),
            ("/imports", "数据导入"),
            ("/campaigns", "外呼任务"),
            ("/campaigns/new", "新建外呼任务"),
            ("/calls", "通话记录"),
            ("/questionnaires", "问卷与话术"),
            ("/questionnaires/kidney_transplant", "肾移植"),
        ],
    )
    def test_it_opens_with_no_answer_refused(self, nurse: Page, path: str, heading: str) -> None:
        nurse.goto(path)
        expect(nurse.get_by_role("heading", level=1)).to_contain_text(heading)
        expect(nurse.get_by_text("正在加载")).to_have_count(0)
        expect(nurse.get_by_text("实时", exact=True)).to_be_visible()


class TestWorkbench:
    @pytest.mark.covers("TX-3.04-1")
    @pytest.mark.parametrize("period", ["day", "week", "month"])
    def test_due_follow_ups_are_listed(self, nurse: Page, period: str) -> None:
        nurse.goto(f"/?period={period}")
        expect(nurse.get_by_role("table", name="随访任务").get_by_role("row").nth(1)).to_be_visible()


class TestPatient:
    def test_a_found_patient_shows_plan_curves_and_more_for_a_reason(self, nurse: Page) -> None:
        nurse.goto("/patients?list=postoperative")
        nurse.get_by_role("table").get_by_role("link").first.click()
        expect(nurse.get_by_text("起点：", exact=False).first).to_be_visible()
        nurse.get_by_role("tab", name="检验结果").click()
        expect(nurse.locator("canvas")).to_be_visible()
        nurse.get_by_role("button", name="查看完整信息").click()
        nurse.get_by_role("combobox", name="为什么要看").press("Enter")
        nurse.get_by_role("option", name="处理预警").click()
        nurse.get_by_role("dialog").get_by_role("button", name="查看", exact=True).click()
        expect(nurse.locator("dd.shown").nth(1)).to_have_text(re.compile(r"^\+?\d{11,}$"))


class TestCampaign:
    def test_a_campaign_is_previewed_made_and_shown_on_its_board(self, nurse: Page) -> None:
        nurse.goto("/campaigns/new")
        expect(nurse.get_by_text("人将被呼叫")).to_be_visible()
        nurse.get_by_role("button", name="建立外呼任务").click()
        expect(nurse.get_by_role("button", name="开始拨打")).to_be_visible()
        for tab in ("名单", "待人工处理", "全部通话"):
            nurse.get_by_role("tab", name=tab).click()
            expect(nurse.get_by_text("正在加载")).to_have_count(0)


class TestSignOut:
    def test_nothing_is_shown_afterwards(self, nurse: Page) -> None:
        nurse.goto("/account", wait_until="networkidle")
        nurse.get_by_role("button", name="退出登录").click()
        expect(nurse.get_by_role("button", name="登录")).to_be_visible()
