"""The desk over HTTP: a conversation from waiting to resolved, cases, people, plans."""

from datetime import timedelta

import pytest

from tests.assistant.desk.conftest import As
from tests.assistant.desk.world import World


class TestAConversation:
    @pytest.mark.covers("FT-A.07-1", "FT-R.24-2")
    def test_waits_is_taken_answered_and_resolved(self, world: World, as_user: As) -> None:
        conversation_id, case_id = world.handoff(text="我要找人工")
        nurse = as_user("nurse", "nurse")
        waiting = nurse.get("/api/desk/conversations", params={"view": "all"}).json()
        assert (waiting["total"], waiting["items"][0]["case_id"]) == (1, str(case_id))
        assert (waiting["items"][0]["unread"], waiting["items"][0]["last_text"]) == (1, "我要找人工")
        epoch = waiting["items"][0]["epoch"]
        path = f"/api/desk/conversations/{conversation_id}"
        taken = nurse.post(f"{path}/take-over", json={"expected_epoch": epoch}).json()
        assert taken["owner_name"] == "nurse员"
        body = {"text": "您好，请讲", "dedupe_key": "k1", "expected_epoch": taken["epoch"]}
        first, again = (nurse.post(f"{path}/messages", json=body) for _ in range(2))
        assert (first.status_code, first.json()["id"]) == (201, again.json()["id"])
        assert nurse.get("/api/desk/conversations", params={"view": "mine"}).json()["total"] == 1
        end = {"expected_epoch": taken["epoch"], "outcome": "solved", "note": "已解答"}
        done = nurse.post(f"{path}/resolve", json=end).json()
        assert done["status"] == "resolved"
        detail = nurse.get(path).json()
        assert [message["sender"] for message in detail["messages"]] == ["patient", "staff", "system"]
        assert (detail["cases"][0]["outcome"], detail["cases"][0]["sla"]["state"]) == ("solved", "met")
        assert detail["notes"][0]["text"] == "已解答"

    def test_of_two_who_take_over_one_is_refused(self, world: World, as_user: As) -> None:
        conversation_id, _ = world.handoff()
        path = f"/api/desk/conversations/{conversation_id}/take-over"
        first = as_user("nurse", "nurse").post(path, json={"expected_epoch": 0})
        second = as_user("doctor", "clinician").post(path, json={"expected_epoch": 0})
        assert (first.status_code, second.status_code, second.json()["code"]) == (200, 409, "epoch_changed")

    @pytest.mark.covers("RC-2.1-7b")
    def test_transfer_to_a_queue_gives_it_to_the_next_with_the_note(self, world: World, as_user: As) -> None:
        world.user("other", "nurse")
        queue_id = world.queue("生殖中心", "生殖中心", members=("other",))
        world.duty("other", "生殖中心")
        world.accept("other")
        conversation_id, case_id = world.handoff()
        nurse = as_user("nurse", "nurse")
        path = f"/api/desk/conversations/{conversation_id}"
        nurse.post(f"{path}/take-over", json={"expected_epoch": 0})
        body = {"to_queue_id": str(queue_id), "note": "请看用药问题", "expected_epoch": 1}
        moved = nurse.post(f"{path}/transfer", json=body).json()
        assert (moved["owner_id"], moved["status"], moved["queue_name"]) == (None, "open", "生殖中心")
        assert world.case(case_id).assignee_id == world.users["other"]
        assert nurse.get(path).json()["notes"][0]["text"] == "请看用药问题"

    def test_pages_follow_each_other_without_gap_or_repeat(self, world: World, as_user: As) -> None:
        made = []
        for _ in range(7):
            made.append(str(world.handoff()[0]))
            world.clock.advance(timedelta(seconds=1))
        nurse, seen, cursor = as_user("nurse", "nurse"), [], None
        while True:
            params = {"limit": 3} | ({"cursor": cursor} if cursor else {})
            page = nurse.get("/api/desk/conversations", params=params).json()
            seen += [line["id"] for line in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == made

    def test_handover_says_what_was_asked_and_what_is_known(self, world: World, as_user: As) -> None:
        patient_id = world.patient(stage="术后随访")
        conversation_id = world.conversation(patient_id, "他克莫司漏服了怎么办")
        world.open_case(conversation_id=conversation_id, patient_id=patient_id, kind="advice", reason_text="医疗问题")
        found = as_user("doctor", "clinician").get(f"/api/desk/conversations/{conversation_id}/handover").json()
        assert found["summary"]["asked"] == ["他克莫司漏服了怎么办"]
        assert (found["summary"]["reason"], found["summary"]["facts"]) == ("医疗问题", ["肾移植中心", "术后随访"])

    def test_nobody_without_permission_enters(self, world: World, as_user: As) -> None:
        conversation_id, _ = world.handoff()
        auditor = as_user("auditor", "auditor")
        assert auditor.get("/api/desk/conversations").status_code == 403
        assert (
            auditor.post(f"/api/desk/conversations/{conversation_id}/take-over", json={"expected_epoch": 0}).status_code
            == 403
        )


class TestCases:
    def test_are_listed_assigned_and_ended(self, world: World, as_user: As) -> None:
        _, case_id = world.handoff()
        nurse = as_user("nurse", "nurse")
        listed = nurse.get("/api/desk/cases", params={"status": "open"}).json()
        assert (listed["total"], listed["items"][0]["kind_label"]) == (1, "转人工")
        path = f"/api/desk/cases/{case_id}"
        given = nurse.post(f"{path}/assign", json={"user_id": str(world.users["doctor"])}).json()
        assert given["assignee_name"] == "doctor员"
        ended = nurse.post(f"{path}/resolve", json={"outcome": "not_needed", "note": "重复"}).json()
        assert (ended["status"], ended["outcome"]) == ("resolved", "not_needed")
        assert nurse.post(f"{path}/resolve", json={}).json()["code"] == "already_resolved"

    def test_staff_open_their_own(self, world: World, as_user: As) -> None:
        body = {"patient_id": str(world.patient()), "reason_text": "家属来电要求回访", "urgency": "high"}
        made = as_user("nurse", "nurse").post("/api/desk/cases", json=body).json()
        assert (made["kind"], made["patient_name"], made["urgency"]) == ("other", "王**", "high")


class TestPeopleAndPlans:
    def test_presence_is_kept_and_told(self, world: World, as_user: As) -> None:
        nurse = as_user("nurse", "nurse")
        assert nurse.put("/api/desk/me/presence", json={"state": "paused"}).json()["state"] == "paused"
        assert world.events("agent.changed")[-1] == {"user_id": str(world.users["nurse"]), "state": "paused"}
        world.clock.advance(timedelta(minutes=4))
        assert nurse.get("/api/desk/me").json()["state"] == "offline"
        assert nurse.post("/api/desk/me/heartbeat").status_code == 204
        assert nurse.get("/api/desk/me").json()["state"] == "paused"

    def test_a_split_shift_and_an_absence_show_in_the_rota(self, world: World, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        queue_id = str(world.queue("移植中心", "移植中心", members=("nurse",)))
        own = {"queue_id": queue_id, "user_id": str(world.users["nurse"]), "on": "2026-11-23"}
        for start, end in (("08:00", "12:00"), ("13:30", "17:30")):
            assert doctor.post("/api/desk/rota/shifts", json=own | {"start": start, "end": end}).status_code == 201
        away = own | {"kind": "absence", "start": "10:00", "end": "11:00"}
        doctor.post("/api/desk/rota/shifts", json=away)
        params = {"from": "2026-11-23", "to": "2026-11-23", "queue_id": queue_id}
        spans = doctor.get("/api/desk/rota", params=params).json()["spans"]
        assert [(span["start"][11:16], span["end"][11:16]) for span in spans] == [
            ("00:00", "02:00"),
            ("03:00", "04:00"),
            ("05:30", "09:30"),
        ]
        on_duty = doctor.get("/api/desk/rota/on-duty", params={"at": "2026-11-23T02:30:00Z"}).json()
        assert next(one["users"] for one in on_duty if one["queue_id"] == queue_id) == []

    def test_holidays_are_edited(self, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        doctor.put("/api/desk/calendar/2027-02-06", json={"kind": "holiday", "name": "春节"})
        assert doctor.get("/api/desk/calendar", params={"year": 2027}).json()[0]["name"] == "春节"
        assert doctor.delete("/api/desk/calendar/2027-02-06").status_code == 204
        assert doctor.get("/api/desk/calendar", params={"year": 2027}).json() == []

    def test_a_nurse_does_not_change_plans(self, as_user: As) -> None:
        nurse = as_user("nurse", "nurse")
        assert nurse.put("/api/desk/calendar/2027-02-06", json={"kind": "holiday", "name": "春节"}).status_code == 403

    def test_queues_are_made_changed_and_staffed(self, world: World, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        body = {"name": "夜班", "kinds": ["handoff"], "reply_within_minutes": 30}
        made = doctor.post("/api/desk/queues", json=body).json()
        assert doctor.post("/api/desk/queues", json=body).json()["code"] == "name_taken"
        path = f"/api/desk/queues/{made['id']}"
        hours = [{"weekday": 1, "start": "08:00", "end": "12:00"}]
        assert doctor.put(path, json=body | {"hours": hours}).json()["open_now"] is False
        members = {"members": [{"user_id": str(world.users["nurse"]), "skills": ["粤语"]}]}
        assert doctor.put(f"{path}/members", json=members).json()["members"][0]["name"] == "nurse员"
        assert doctor.get("/api/desk/staff").json()[0].keys() == {"user_id", "name", "roles"}


class TestRepliesAndLabels:
    @pytest.mark.covers("FT-D.24-2")
    def test_a_canned_reply_is_filled_in(self, world: World, as_user: As) -> None:
        nurse = as_user("nurse", "nurse")
        conversation_id = world.conversation(world.patient(gender="female"))
        body = {"shortcut": "nh", "title": "问候", "text": "{称呼}您好，我是{我的姓名}，{医院}。卡号{就诊卡后四位}"}
        made = nurse.post("/api/desk/replies", json=body).json()
        assert made["placeholders"] == ["称呼", "我的姓名", "医院", "就诊卡后四位"]
        rendered = nurse.post(f"/api/desk/replies/{made['id']}/render", json={"conversation_id": str(conversation_id)})
        assert rendered.json()["text"].startswith("王女士您好，我是nurse员，示例医院。")
        assert rendered.json()["missing"] == ["就诊卡后四位"]

    def test_personal_replies_are_seen_by_their_author_only(self, as_user: As) -> None:
        nurse, doctor = as_user("nurse", "nurse"), as_user("doctor", "clinician")
        body = {"shortcut": "x", "title": "我的", "text": "好"}
        made = nurse.post("/api/desk/replies", json=body).json()
        assert nurse.post("/api/desk/replies", json=body).json()["code"] == "shortcut_taken"
        assert nurse.post("/api/desk/replies", json=body | {"shortcut": "y", "shared": True}).status_code == 403
        assert doctor.get("/api/desk/replies").json() == []
        assert doctor.delete(f"/api/desk/replies/{made['id']}").status_code == 404
        odd = body | {"shortcut": "z", "text": "{身份证}"}
        assert nurse.post("/api/desk/replies", json=odd).json()["code"] == "unknown_placeholder"

    def test_labels_are_put_on_and_filtered_by(self, world: World, as_user: As) -> None:
        doctor = as_user("doctor", "clinician")
        conversation_id, _ = world.handoff()
        world.handoff()
        label = doctor.post("/api/desk/labels", json={"name": "投诉", "color": "red"}).json()
        path = f"/api/desk/conversations/{conversation_id}/labels"
        assert doctor.put(path, json={"label_ids": [label["id"]]}).json() == [label]
        found = doctor.get("/api/desk/conversations", params={"label_id": label["id"]}).json()
        assert [line["id"] for line in found["items"]] == [str(conversation_id)]
        assert doctor.delete(f"/api/desk/labels/{label['id']}").status_code == 204
        assert doctor.get("/api/desk/labels").json() == []
