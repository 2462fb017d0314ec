"""The WeChat channel against a fake of WeChat's side."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from pydantic import SecretStr
from sqlalchemy import text

from assistant.api import WechatAccount, WechatClient, WechatRuntime, send_wechat
from assistant.channels.files import rules as file_rules
from assistant.channels.files import service as files
from assistant.channels.wechat import claims, crypto
from assistant.conversations import service as conversations
from assistant.inbound.sweep import sweep
from core_api.kit.clock import FixedClock
from core_api.kit.db import Sessions
from core_api.kit.errors import Forbidden
from core_api.patients import service as patients
from core_api.patients.schemas import PatientIn
from core_api.treatments import service as treatments
from core_api.treatments.schemas import EventIn
from tests.assistant.channels.kit import ChatWorld
from tests.fakes.wechat import FakeWechat


class World:
    """Our web process and WeChat."""

    def __init__(self, sessions: Sessions, clock: FixedClock, data_dir: Path) -> None:
        self.sessions, self.clock, self.data_dir = sessions, clock, data_dir
        self.wechat = FakeWechat(clock)
        self.chat = ChatWorld(sessions, clock, data_dir)
        account = WechatAccount(
            name="hospital",
            app_id=self.wechat.app_id,
            app_secret=SecretStr(self.wechat.app_secret),
            token=SecretStr(self.wechat.token),
            aes_key=SecretStr(self.wechat.aes_key),
        )
        client = WechatClient(sessions, clock, self.wechat.client())
        self.runtime = WechatRuntime(self.chat.runtime, client, {"hospital": account}, data_dir)
        self.chat.app.state.wechat = self.runtime
        self.http = TestClient(self.chat.app)

    def post(self, query: str, body: bytes) -> Any:
        return self.http.post(f"/api/wechat/hospital?{query}", content=body)

    def say(self, words: str, **more: str) -> list[str]:
        """What the person received since they wrote."""
        before = len(self.wechat.person().received)
        assert self.wechat.say(self.post, words, **more) == "success"
        return self.wechat.person().received[before:]

    @property
    def conversation_id(self) -> UUID:
        with self.sessions() as session:
            found = session.execute(text("SELECT conversation_id FROM wechat_contacts")).scalar_one()
        return UUID(str(found))

    def senders(self) -> list[str]:
        with self.sessions() as session:
            return [one.sender for one in conversations.messages(session, self.conversation_id)]

    def staff(self, words: str, key: str) -> None:
        nurse = self.__dict__.setdefault("nurse", uuid4())
        with self.sessions.begin() as session:
            now = conversations.conversation(session, self.conversation_id)
            if now.owner_id is None:
                now = conversations.take_over(session, now.id, nurse, now.epoch, self.clock)
            conversations.staff_message(session, now.id, nurse, words, key, now.epoch, self.clock)
        self.handle_outbox()

    def staff_picture(self, words: str, key: str) -> None:
        out = io.BytesIO()
        Image.new("RGB", (30, 20)).save(out, "PNG")
        nurse = self.__dict__.setdefault("nurse", uuid4())
        with self.sessions.begin() as session:
            now = conversations.conversation(session, self.conversation_id)
            now = conversations.take_over(session, now.id, nurse, now.epoch, self.clock)
            file = files.keep(session, self.data_dir, now.id, file_rules.picture(out.getvalue()), self.clock)
            conversations.staff_message(
                session, now.id, nurse, words, key, now.epoch, self.clock, file_id=file.id, kind="picture"
            )
        self.handle_outbox()

    def handle_outbox(self) -> None:
        from assistant.api import wechat_handlers
        from core_api.kit.outbox import handle_pending

        handle_pending(self.sessions, wechat_handlers(self.clock), self.clock)
        send_wechat(self.runtime)


@pytest.fixture
def world(sessions: Sessions, clock: FixedClock, tmp_path: Path) -> Iterator[World]:
    made = World(sessions, clock, tmp_path)
    with made.http:
        yield made


class TestCrypto:
    def test_opens_the_example_of_wechats_documents(self) -> None:
        sealed = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
        crypto.check_signature("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "QDG6eK", "1409659589", "263014780", sealed)
        key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
        assert crypto.decrypt(key, "wx5823bf96d3bd56c7", sealed) == b"1616140317555161061"
        with pytest.raises(Forbidden):
            crypto.decrypt(key, "wxAnother", sealed)

    @pytest.mark.parametrize("broken", ["", "AAAA", "not base64 at all", "P9nAzCzyDtyTWESHep1vCw=="])
    def test_refuses_what_was_not_encrypted_so(self, broken: str) -> None:
        with pytest.raises(Forbidden):
            crypto.decrypt("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7", broken)


class TestPushes:
    def test_the_address_is_confirmed_to_wechat_only(self, world: World) -> None:
        sign = world.wechat.sign("1", "2")
        good = world.http.get(f"/api/wechat/hospital?signature={sign}&timestamp=1&nonce=2&echostr=hello")
        assert (good.status_code, good.text) == (200, "hello")
        forged = world.http.get(f"/api/wechat/hospital?signature={sign}&timestamp=1&nonce=3&echostr=hello")
        assert forged.status_code == 403

    def test_are_acknowledged_and_answered_by_the_customer_service_interface(self, world: World) -> None:
        assert world.say("停车场怎么走") == ["【自动回复】停车场在门诊楼北侧地下一层。"]
        assert world.wechat.pushes == 1

    @pytest.mark.parametrize("part", ["msg_signature", "timestamp", "nonce"])
    def test_falsified_are_refused(self, world: World, part: str) -> None:
        query, body = world.wechat.signed("<xml><FromUserName>o</FromUserName></xml>", **{part: "0"})
        assert world.post(query, body).status_code == 403

    def test_in_the_clear_are_refused_where_encryption_is_set(self, world: World) -> None:
        world.wechat.encrypted = False
        query, body = world.wechat.signed("<xml><FromUserName>o</FromUserName></xml>")
        assert world.post(query, body).status_code == 403

    def test_with_declarations_are_refused(self, world: World) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><xml><FromUserName>&a;</FromUserName></xml>'
        assert world.post(*world.wechat.signed(bomb)).json()["code"] == "wechat_message"

    def test_three_times_the_same_are_answered_once(self, world: World) -> None:
        for _ in range(3):
            world.say("停车场怎么走", MsgId="777")
        assert world.wechat.person().received == ["【自动回复】停车场在门诊楼北侧地下一层。"]
        assert world.senders() == ["patient", "bot"]

    def test_an_event_pushed_twice_greets_once(self, world: World) -> None:
        for _ in range(2):
            world.wechat.happen(world.post, "subscribe")
        world.handle_outbox()
        assert len(world.wechat.person().received) == 1

    def test_unknown_accounts_are_not_found(self, world: World) -> None:
        query, body = world.wechat.signed("<xml></xml>")
        assert world.http.post(f"/api/wechat/other?{query}", content=body).status_code == 404

    def test_numbers_pick_what_was_offered(self, world: World) -> None:
        [offered] = world.say("停车")
        assert "1. 停车场怎么走\n2. 停车场多少钱" in offered
        assert world.say("2") == ["【自动回复】每小时 5 元。"]

    def test_a_picture_is_fetched_and_kept(self, world: World) -> None:
        out = io.BytesIO()
        Image.new("RGB", (30, 20)).save(out, "JPEG")
        world.wechat.media["m1"] = out.getvalue()
        assert "看不了图片" in world.say("", MsgType="image", MediaId="m1")[0]
        with world.sessions() as session:
            kept = conversations.messages(session, world.conversation_id)[0]
        assert (kept.kind, kept.file_id is not None) == ("picture", True)

    def test_recognised_speech_is_a_question(self, world: World) -> None:
        assert "地下一层" in world.say("", MsgType="voice", MediaId="v", Recognition="停车场怎么走")[0]

    def test_an_answer_that_a_dead_process_owes_is_given_later(self, world: World, clock: FixedClock) -> None:
        from assistant.channels.wechat import service, wire
        from assistant.channels.wechat.schemas import Signed

        world.wechat.person().last_message_at, world.wechat.person().replies_left = clock.now(), 5
        fields = "<FromUserName>oPatient0001</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType>"
        query, body = world.wechat.signed(f"<xml>{fields}<Content>停车场怎么走</Content><MsgId>9</MsgId></xml>")
        account = world.runtime.accounts["hospital"]
        incoming = wire.read(account, Signed.model_validate(dict(httpx.QueryParams(query))), body)
        assert service.take(world.runtime, account, incoming) is not None
        assert world.senders() == ["patient"]
        clock.advance(timedelta(seconds=30))
        assert sweep(world.chat.runtime) == 1
        assert sweep(world.chat.runtime) == 0
        world.handle_outbox()
        assert world.wechat.person().received == ["【自动回复】停车场在门诊楼北侧地下一层。"]


class TestIdentity:
    @pytest.fixture
    def record(self, sessions: Sessions, clock: FixedClock) -> UUID:
        wanted = PatientIn(
            record_number="B20261234",
            name="王小丽",
            gender="female",
            birth_date=date(1990, 5, 6),
            phone="+8613800138000",
            department="生殖中心",
        )
        with sessions.begin() as session:
            patient_id = patients.upsert_patient(session, wanted, clock).patient_id
            event = EventIn(patient_id=patient_id, kind="transfer", occurred_on=date(2026, 11, 10), source_key="t1")
            treatments.record_event(session, event, clock)
        return patient_id

    def told(self, world: World, words: str, **more: str) -> str:
        before = len(world.wechat.person().received)
        world.say(words, **more)
        world.handle_outbox()
        return "\n".join(world.wechat.person().received[before:])

    @pytest.mark.covers("RC-2.1-7b")
    @pytest.mark.parametrize(
        "facts",
        [
            "B20261234 19900506",
            "核对身份：b20261234，1990年5月6日",
            "病历号B20261234 手机后四位8000",
            "13800138000 1990-05-06",
        ],
    )
    def test_two_facts_of_the_record_open_ones_own(self, world: World, record: UUID, facts: str) -> None:
        asked = self.told(world, "我的移植是哪天")
        assert "核对身份" in asked
        assert "病历号和出生日期" in asked
        assert "身份已核对：王**" in self.told(world, facts)
        assert "2026 年 11 月 10 日" in self.told(world, "我的移植是哪天")
        conversation_id = world.conversation_id
        with world.sessions() as session:
            kept = [one.text for one in conversations.messages(session, conversation_id)]
            assert conversations.conversation(session, conversation_id).patient_id == record
            audited = session.execute(text("SELECT action FROM audit_entries ORDER BY id")).scalars().all()
        assert "[身份核对信息，已隐藏]" in kept
        assert "1990" not in "".join(kept)
        assert [one for one in audited if "identif" in one] == ["patient.identify_tried", "patient.identified_in_chat"]

    def test_what_does_not_fit_says_not_which_and_is_soon_refused(self, world: World, record: UUID) -> None:
        said = [self.told(world, f"B20261234 199005{day:02}") for day in range(10, 17)]
        assert said[:5] == ["填写的信息与档案不符，请核对后再试。"] * 5
        assert "15 分钟后再试" in said[5]
        assert "15 分钟后再试" in self.told(world, "B20261234 19900506")
        assert "核对身份" in self.told(world, "我的移植是哪天")

    def test_the_same_push_three_times_is_one_try(self, world: World, record: UUID) -> None:
        for _ in range(3):
            self.told(world, "B20261234 19900101", MsgId="88")
        with world.sessions() as session:
            assert session.execute(text("SELECT count(*) FROM chat_tries")).scalar_one() == 2
        assert world.wechat.person().received == ["填写的信息与档案不符，请核对后再试。"]

    def test_ends_when_it_is_unbound_or_after_long_silence(self, world: World, record: UUID, clock: FixedClock) -> None:
        self.told(world, "B20261234 19900506")
        assert "已解除身份绑定" in self.told(world, "解除绑定")
        assert "没有绑定" in self.told(world, "解绑")
        assert "核对身份" in self.told(world, "我的移植是哪天")
        self.told(world, "B20261234 19900506")
        clock.advance(timedelta(days=60))
        assert "2026 年" in self.told(world, "我的移植是哪天")
        clock.advance(timedelta(days=91))
        assert "核对身份" in self.told(world, "我的移植是哪天")

    def test_while_a_person_reads_facts_are_theirs_to_read(self, world: World, record: UUID) -> None:
        self.told(world, "停车场怎么走")
        world.staff("请告诉我您的病历号和生日", "s1")
        self.told(world, "B20261234 19900506")
        conversation_id = world.conversation_id
        with world.sessions() as session:
            assert conversations.messages(session, conversation_id)[-1].text == "B20261234 19900506"
            assert conversations.conversation(session, conversation_id).patient_id is None

    @pytest.mark.parametrize(
        "words", ["B20261234", "挂号要多少钱 2026", "19900506 8000 1234", "我 8000", "B20261234 19901350"]
    )
    def test_anything_else_is_a_question(self, words: str) -> None:
        assert claims.claim_of(words) is None


class TestSending:
    def test_a_dead_token_is_renewed_once(self, world: World) -> None:
        world.say("停车场怎么走")
        world.wechat.live_token = "made elsewhere"
        assert len(world.say("冷冻费怎么交")) == 1
        assert world.wechat.tokens_made == 2
        world.say("停车场多少钱")
        assert world.wechat.calls.count("/cgi-bin/stable_token") == 2

    def test_more_than_five_replies_wait_for_the_next_message(self, world: World) -> None:
        world.say("停车场怎么走")
        for number in range(6):
            world.staff(f"第{number}条", f"s{number}")
        assert world.wechat.person().received[1:] == ["第0条", "第1条", "第2条", "第3条"]
        with world.sessions() as session:
            notes = [one.text for one in conversations.messages(session, world.conversation_id) if one.source]
        assert len(notes) == 1
        assert "满 5 条" in notes[0]
        assert world.wechat.calls.count("/cgi-bin/message/custom/send") == 5
        world.say("我在")
        world.handle_outbox()
        assert world.wechat.person().received[-1] == "第4条\n\n第5条"

    def test_after_forty_eight_hours_nothing_is_tried(self, world: World, clock: FixedClock) -> None:
        world.say("停车场怎么走")
        clock.advance(timedelta(hours=49))
        world.staff("您好些了吗", "late")
        assert len(world.wechat.person().received) == 1
        assert world.wechat.calls.count("/cgi-bin/message/custom/send") == 1

    @pytest.mark.parametrize("code", [45015, 45047])
    def test_what_wechat_refuses_is_held(self, world: World, code: int) -> None:
        world.say("停车场怎么走")
        world.wechat.refuse = [code]
        world.staff("您好", "a")
        world.say("在")
        world.handle_outbox()
        assert "您好" in "".join(world.wechat.person().received)

    def test_wechat_down_is_tried_again(self, world: World, clock: FixedClock) -> None:
        world.wechat.down = True
        assert world.say("停车场怎么走") == []
        world.wechat.down = False
        clock.advance(timedelta(seconds=10))
        world.handle_outbox()
        assert world.wechat.person().received == ["【自动回复】停车场在门诊楼北侧地下一层。"]

    def test_a_picture_of_staff_goes_out_as_a_picture(self, world: World) -> None:
        world.say("停车场怎么走")
        world.wechat.live_token = "made elsewhere"
        world.staff_picture("看这张图", "p1")
        assert world.wechat.person().received[1:] == ["看这张图", "图片 uploaded-0"]
        assert world.wechat.media["uploaded-0"].startswith(b"\xff\xd8\xff")

    def test_a_picture_that_wechat_refuses_for_now_comes_later_and_its_words_once(
        self, world: World, clock: FixedClock
    ) -> None:
        world.say("停车场怎么走")
        world.wechat.refuse_uploads = [45009]
        world.staff_picture("看这张图", "p1")
        assert world.wechat.person().received[1:] == ["看这张图"]
        clock.advance(timedelta(seconds=10))
        world.handle_outbox()
        assert world.wechat.person().received[-1] == "图片 uploaded-0"

    def test_the_open_id_lies_sealed(self, world: World) -> None:
        world.say("停车场怎么走")
        with world.sessions() as session:
            rows = session.execute(text("SELECT * FROM wechat_contacts")).mappings().all()
            events = session.execute(text("SELECT data FROM outbox_events")).scalars().all()
        assert "oPatient0001" not in f"{rows}{events}"
