"""What staff do on the pages, in Chromium, on a mock API."""

import re
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, Request, expect

from tests.browser.mock_api import BASE_URL, MockApi, silence_wav

pytestmark = pytest.mark.browser
ID = "0192f000-0000-7000-8000-000000000001"
CALL_ID = "0192f000-0000-7000-8000-000000000070"
PAGES = (
    "/",
    "/alerts",
    "/rechecks",
    "/people",
    "/patients",
    f"/patients/{ID}",
    f"/patients/{ID}?tab=labs",
    "/imports",
    "/campaigns",
    "/campaigns/new",
    f"/campaigns/{ID}",
    "/calls",
    f"/calls/{CALL_ID}",
    "/questionnaires",
    "/prompts",
    "/questionnaires/kidney_transplant?version=1",
    "/account",
)


class TestSignIn:
    def test_a_stranger_signs_in_and_returns_to_the_page_asked_for(self, page: Page, api: MockApi) -> None:
        api.answer_with("GET /api/session", 401, {"detail": "请先登录"})
        page.goto("/patients?list=waiting")
        expect(page).to_have_url(re.compile(r"/login\?next="))
        page.get_by_label("账号").fill("nurse")
        page.get_by_label("密码").fill("secret")
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", name="患者名单")).to_be_visible()
        expect(page).to_have_url(re.compile(r"/patients\?list=waiting$"))
        assert api.requests == [("POST", "/api/session", {"username": "nurse", "password": "secret"})]

    def test_a_wrong_password_is_told_and_the_form_stays(self, page: Page, api: MockApi) -> None:
        api.answer_with("GET /api/session", 401, {})
        api.answer_with("POST /api/session", 401, {"detail": "账号或密码不对", "field": "password"})
        page.goto("/login")
        page.get_by_label("账号").fill("nurse")
        page.get_by_label("密码").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("账号或密码不对")
        expect(page.get_by_label("密码")).to_have_attribute("aria-invalid", "true")

    def test_a_session_that_ends_leads_to_sign_in(self, page: Page, api: MockApi) -> None:
        page.goto("/calls")
        expect(page.get_by_role("table")).to_be_visible()
        api.answer_with("GET /api/alerts", 401, {"detail": "登录已失效"})
        page.get_by_role("link", name="预警", exact=False).first.click()
        expect(page).to_have_url(re.compile(r"/login\?next=/alerts"))


class TestLayout:
    @pytest.mark.parametrize("path", PAGES)
    def test_a_page_fits_a_phone(self, phone: Page, path: str) -> None:
        phone.goto(path)
        expect(phone.get_by_role("heading", level=1)).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390

    @pytest.mark.parametrize("path", PAGES)
    def test_a_page_fits_a_desk_and_loads_nothing_from_outside(self, page: Page, path: str) -> None:
        outside: list[str] = []
        ours = (BASE_URL, BASE_URL.replace("http", "ws"), "data:", "blob:")
        page.on("request", lambda request: outside.append(request.url) if not request.url.startswith(ours) else None)
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        assert outside == []

    def test_the_drawer_opens_and_closes_by_keyboard(self, phone: Page) -> None:
        phone.goto("/")
        phone.get_by_role("button", name="打开导航").press("Enter")
        expect(phone.get_by_role("navigation").get_by_text("外呼任务")).to_be_visible()
        phone.keyboard.press("Escape")
        expect(phone.get_by_role("navigation")).to_be_hidden()

    def test_navigation_shows_only_what_the_role_may_see(self, page: Page, api: MockApi) -> None:
        auditor = {"id": ID, "username": "a", "display_name": "审计", "roles": ["auditor"]}
        allowed = ["audit.read", "patients.read", "calls.read"]
        api.answer_with("GET /api/session", 200, {"user": {**auditor, "permissions": allowed}})
        page.goto("/campaigns")
        expect(page.get_by_text("没有权限")).to_be_visible()
        nav = page.get_by_role("navigation")
        expect(nav.get_by_text("患者名单")).to_be_visible()
        expect(nav.get_by_text("外呼任务")).to_have_count(0)
        assert not [call for call in api.seen if "/api/campaigns" in call]


class TestLists:
    def test_filters_stay_in_the_address(self, page: Page, api: MockApi) -> None:
        page.goto("/")
        page.get_by_role("button", name="本周").click()
        expect(page).to_have_url(re.compile(r"\?period=week$"))
        page.reload()
        expect(page.get_by_role("button", name="本周")).to_have_attribute("aria-pressed", "true")
        assert any("period=week" in call for call in api.seen)

    def test_more_rows_are_fetched_by_cursor(self, page: Page, api: MockApi) -> None:
        page.goto("/patients")
        expect(page.get_by_text("已显示 10 / 共 420 条")).to_be_visible()
        page.get_by_role("button", name="显示更多").click()
        expect(page.get_by_text("已显示 20 / 共 420 条")).to_be_visible()
        assert api.searches[-1]["cursor"] == "n2"

    def test_a_failed_list_can_be_tried_again(self, page: Page, api: MockApi) -> None:
        api.answer_with("GET /api/calls", 503, {"detail": "数据库正忙，请稍后再试。"})
        page.goto("/calls")
        expect(page.get_by_text("数据库正忙，请稍后再试。")).to_be_visible()
        expect(page.get_by_text("实时", exact=True)).to_be_visible()  # a socket that opens asks anew by itself
        api.answer_with("GET /api/calls", 200, {"items": [], "next_cursor": None, "total": 0})
        page.get_by_role("button", name="重试").click()
        expect(page.get_by_text("还没有通话")).to_be_visible()

    def test_people_are_found_from_the_top_by_keyboard(self, page: Page, api: MockApi) -> None:
        page.goto("/")
        page.get_by_role("combobox", name="查找患者").fill("A2020")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/patients/0192f000-0000-7000-8000-000000000002$"))


class TestAlerts:
    @pytest.mark.covers("TX-3.07-1")
    def test_an_alert_is_acknowledged_with_a_note(self, page: Page, api: MockApi) -> None:
        page.goto("/alerts")
        expect(page.get_by_text(re.compile("已超时 2 分"))).to_be_visible()
        page.get_by_role("button", name="确认处理").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="确认处理")).to_be_disabled()
        dialog.get_by_label("处理意见").fill("已电话联系")
        dialog.get_by_role("button", name="确认处理").click()
        expect(dialog).to_be_hidden()
        assert [(path.rsplit("/", 1)[1], body) for _, path, body in api.requests] == [
            ("acknowledge", {"note": "已电话联系"})
        ]

    def test_a_new_alert_appears_by_itself(self, page: Page, api: MockApi) -> None:
        page.goto("/alerts")
        expect(page.get_by_text("肾移植术后发热 38.5 ℃")).to_be_visible()
        expect(page.get_by_text("实时", exact=True)).to_be_visible()
        new = {"id": CALL_ID, "patient_id": ID, "patient_name": "新**", "record_number": "N1", "level": "red"}
        times = {"raised_at": "@-5", "ack_deadline": "@+1795", "overdue": False}
        rest = {"text": "黄疸加重", "acknowledged_at": None, "acknowledged_by": None, "call_id": None}
        page_of = {"items": [{**new, **times, **rest}], "next_cursor": None, "total": 1}
        api.answer_with("GET /api/alerts", 200, page_of)
        api.tell("alerts", "alert.raised", {"alert_id": CALL_ID})
        expect(page.get_by_text("黄疸加重")).to_be_visible()

    def test_a_lost_connection_is_shown_and_comes_back(self, page: Page, api: MockApi) -> None:
        page.goto("/alerts")
        expect(page.get_by_text("实时", exact=True)).to_be_visible()
        before = len(api.sockets)
        api.sockets[-1].close()
        page.wait_for_function("() => document.querySelector('.live').textContent.includes('实时')")
        expect(page.get_by_text("实时", exact=True)).to_be_visible()
        page.wait_for_timeout(900)
        assert len(api.sockets) == before + 1


class TestRechecks:
    def test_a_reading_is_confirmed_and_another_corrected(self, page: Page, api: MockApi) -> None:
        page.goto("/rechecks")
        card = page.get_by_role("article", name="您今天量的体温是多少度？")
        expect(card.get_by_text("三十七度八吧")).to_be_visible()
        card.get_by_role("button", name="改正").click()
        card.get_by_role("spinbutton").fill("38.2")
        card.get_by_role("button", name="保存回答").click()
        expect(card).to_have_count(0)
        page.get_by_role("article", name="最近有没有漏服抗排异药？").get_by_role("button", name="理解正确").click()
        expect(page.get_by_role("article")).to_have_count(1)
        assert [body for _, _, body in api.requests] == [{"value": 38.2, "note": ""}, {"value": True, "note": ""}]


class TestCampaign:
    def test_a_campaign_is_made_after_seeing_whom_it_calls(self, page: Page, api: MockApi) -> None:
        page.goto("/campaigns/new?template=kidney")
        expect(page.get_by_text("没有同意电话随访")).to_be_visible()
        page.get_by_label("名称").fill("肾移植每周随访")
        expect(page.get_by_role("button", name="建立外呼任务")).to_be_disabled()
        page.get_by_role("button", name="预览名单").click()
        page.get_by_role("button", name="建立外呼任务").click()
        expect(page).to_have_url(re.compile(r"/campaigns/[0-9a-f-]+$"))
        made = next(body for _, path, body in api.requests if path == "/api/campaigns")
        assert made["name"] == "肾移植每周随访"
        assert made["filter"]["template_key"] == "kidney"
        assert (made["window_start"], made["window_end"], made["caller_id"]) == ("09:00", "20:00", None)

    def test_the_servers_refusal_stands_at_its_field(self, page: Page, api: MockApi) -> None:
        api.answer_with("POST /api/campaigns", 422, {"detail": "主叫号码没有登记", "field": "caller_id"})
        page.goto("/campaigns/new")
        page.get_by_role("button", name="建立外呼任务").click()
        expect(page.get_by_label("主叫号码")).to_have_attribute("aria-invalid", "true")

    @pytest.mark.covers("RC-OUT-03")
    def test_the_board_shows_words_as_they_are_said(self, page: Page, api: MockApi) -> None:
        page.goto(f"/campaigns/{ID}")
        expect(page.get_by_text("67 / 128 人")).to_be_visible()
        expect(page.get_by_text("实时", exact=True)).to_be_visible()
        said = {"call_id": CALL_ID, "message_id": "m1", "sender": "patient", "text": "三十八度五"}
        api.tell(f"campaign:{ID}", "message.added", said)
        expect(page.get_by_text("三十八度五")).to_be_visible()

    def test_cancelling_says_whom_it_touches(self, page: Page, api: MockApi) -> None:
        page.goto(f"/campaigns/{ID}")
        page.get_by_role("button", name="取消任务").click()
        expect(page.get_by_role("dialog")).to_contain_text("还没打到的 57 人将不再拨打")
        assert api.requests == []


class TestCall:
    def test_a_line_of_the_transcript_plays_from_there(self, page: Page) -> None:
        page.goto(f"/calls/{CALL_ID}")
        page.get_by_role("button", name="三十八度五", exact=False).first.click()
        page.wait_for_function("() => document.querySelector('audio').currentTime >= 19")
        expect(page.locator(".turn.current")).to_contain_text("三十八度五")

    def test_the_waveform_shows_both_sides_and_plays_from_where_it_is_clicked(self, page: Page) -> None:
        page.goto(f"/calls/{CALL_ID}")
        wave = page.locator(".track canvas")
        expect(wave).to_be_visible()
        shades = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
        assert wave.evaluate(shades) > 10
        room = wave.bounding_box()
        assert room is not None
        page.wait_for_function("() => document.querySelector('audio').duration > 50")
        page.mouse.click(room["x"] + room["width"] * 0.5, room["y"] + room["height"] / 2)
        page.wait_for_function("() => Math.abs(document.querySelector('audio').currentTime - 28) < 1.5")
        expect(page.locator(".turn.current")).to_contain_text("嗯……好像差不多")

    def test_how_the_call_went_is_said_plainly(self, page: Page, api: MockApi) -> None:
        page.goto(f"/calls/{CALL_ID}")
        card = page.get_by_role("region", name="通话质量")
        expect(card).to_contain_text("患者声音偏小（-38 dBFS）")
        expect(card.get_by_role("row", name="语速")).to_contain_text("212 字/分")
        page.goto("/calls")
        page.get_by_role("group", name="声音质量").get_by_role("button", name="较差").click()
        expect(page).to_have_url(re.compile("quality=poor"))
        page.wait_for_timeout(100)
        assert any("quality=poor" in call for call in api.seen)

    def test_answers_keys_and_source_are_shown(self, page: Page) -> None:
        page.goto(f"/calls/{CALL_ID}")
        expect(page.get_by_text("文字由模拟线路提供")).to_be_visible()
        expect(page.get_by_text("38.5 ℃")).to_be_visible()
        expect(page.get_by_text("待复核")).to_be_visible()
        expect(page.locator(".key")).to_have_text("按键 1")


class TestPrompts:
    def test_are_reviewed_by_another_person_and_uploaded(self, page: Page, api: MockApi) -> None:
        review = "/api/prompts/recordings/0192f000-0000-7000-8000-000000000902/review"
        api.answer_with(f"POST {review}", 200, {})
        page.goto("/prompts")
        page.get_by_role("group", name="状态").get_by_role("button", name="待审核").click()
        expect(page.locator(".prompt")).to_have_count(1)
        expect(page.locator(".prompt")).to_contain_text("录音比文字长得多")
        page.get_by_role("button", name="听过，启用").click()
        expect(page.get_by_text("已启用，下一通电话开始使用")).to_be_visible()
        assert api.requests[-1] == ("POST", review, {"approve": True})
        page.get_by_role("group", name="状态").get_by_role("button", name="全部").click()
        api.answer_with("POST /api/prompts/recordings", 422, {"detail": "录音底噪太大，请换一个安静的地方重录"})
        chosen: FilePayload = {"name": "句子.wav", "mimeType": "audio/wav", "buffer": silence_wav(1)}
        page.get_by_label("上传“最近尿量和平时比").set_input_files(files=[chosen])
        expect(page.locator(".prompt .notice")).to_contain_text("底噪太大")


class TestPatient:
    def test_personal_data_is_shown_for_a_reason_and_hidden_again(self, page: Page, api: MockApi) -> None:
        page.goto(f"/patients/{ID}")
        expect(page.get_by_text("15417974891")).to_have_count(0)
        page.get_by_role("button", name="查看完整信息").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("button", name="查看", exact=True)).to_be_disabled()
        dialog.get_by_role("combobox", name="为什么要看").press("Enter")
        page.get_by_role("option", name="处理预警").click()
        dialog.get_by_role("button", name="查看", exact=True).click()
        expect(page.get_by_text("15417974891")).to_be_visible()
        assert api.requests[0][2] == {"fields": ["name", "phone"], "reason": "处理预警"}
        page.get_by_role("button", name="重新隐藏").click()
        expect(page.get_by_text("15417974891")).to_have_count(0)

    def test_an_identity_online_is_ended_for_a_reason(self, page: Page, api: MockApi) -> None:
        api.allow("desk.read", "desk.work")
        page.goto(f"/patients/{ID}")
        page.get_by_role("button", name="解除绑定").click()
        dialog = page.get_by_role("dialog")
        end = dialog.get_by_role("button", name="解除身份绑定")
        expect(end).to_be_disabled()
        dialog.get_by_role("combobox", name="事由").press("Enter")
        page.get_by_role("option", name="患者来电说不是本人").click()
        dialog.get_by_label("同时暂停这份档案的在线核对").check()
        api.answer_with("GET /api/desk/patients/*/bindings", 200, {"items": [], "paused": True})
        end.click()
        expect(page.get_by_text("在线核对已暂停")).to_be_visible()
        assert api.requests[-1][1:] == (
            "/api/desk/conversations/0192f000-0000-7000-8000-00000000c001/unbind",
            {"reason": "患者来电说不是本人", "pause": True},
        )

    def test_a_critical_value_is_named(self, page: Page) -> None:
        page.goto(f"/patients/{ID}?tab=labs")
        page.get_by_role("button", name="血肌酐").click()
        expect(page.get_by_role("row", name="468").get_by_text("危急")).to_be_visible()
        expect(page.locator("canvas")).to_be_visible()


class TestImports:
    def test_files_are_previewed_before_they_are_written(self, page: Page, api: MockApi) -> None:
        page.goto("/imports")
        files: list[Any] = [{"name": "patients.csv", "mimeType": "text/csv", "buffer": b"x"}]
        page.set_input_files("input[type=file]", files)
        page.get_by_role("button", name="预览").click()
        expect(page.get_by_text("缺少大病历号")).to_be_visible()
        page.get_by_role("tab", name="提醒 2").click()
        expect(page.get_by_text("校验位不对")).to_be_visible()
        page.get_by_role("button", name="确认导入").click()
        expect(page.get_by_role("dialog")).to_contain_text("将新增 5913 条")
        page.get_by_role("dialog").get_by_role("button", name="导入", exact=True).click()
        expect(page.get_by_text("导入结果")).to_be_visible()
        assert [path.rsplit("/", 1)[1] for _, path, _ in api.requests] == ["imports", "apply"]

    def test_a_file_of_another_kind_is_refused_at_once(self, page: Page, api: MockApi) -> None:
        page.goto("/imports")
        files: list[Any] = [{"name": "photo.png", "mimeType": "image/png", "buffer": b"x"}]
        page.set_input_files("input[type=file]", files)
        expect(page.get_by_role("alert")).to_contain_text("photo.png 不是 CSV 或 Excel")
        assert api.requests == []


class TestQuestionnaire:
    def test_a_faulty_draft_lists_its_faults_by_line(self, page: Page) -> None:
        sent: list[str] = []

        def remember(request: Request) -> None:
            if request.method == "PUT":
                sent.append(request.post_data or "")

        page.on("request", remember)
        page.goto("/questionnaires/kidney_transplant?version=1")
        expect(page.get_by_text("第 2 题是“是”", exact=False).or_(page.get_by_text("第 2 题是“有”"))).to_be_visible()
        page.get_by_role("tab", name="编辑 YAML").click()
        editor = page.get_by_role("textbox", name="问卷 YAML")
        editor.press("Control+End")
        editor.press_sequentially("# 改动")
        page.get_by_role("button", name="保存草稿").click()
        expect(page.get_by_text("这一题的条件永远不会成立", exact=False)).to_be_visible()
        expect(page.get_by_role("button", name="第 11 行")).to_be_visible()
        assert sent[0].endswith("# 改动")
