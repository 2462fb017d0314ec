import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.patients import rules


@pytest.mark.unit
class TestReadPreferences:
    @pytest.mark.parametrize(
        ("notes", "start"),
        [("只接下午电话", "14:00"), ("仅上午方便", "09:00"), ("请晚上打", "18:00"), ("下午来过医院", None), ("", None)],
    )
    def test_a_window_only_when_it_is_a_wish(self, notes: str, start: str | None) -> None:
        windows = rules.read_preferences(notes).contact_windows
        assert (windows[0].start if windows else None) == start

    @pytest.mark.parametrize(
        ("notes", "channel"),
        [
            ("听力不好，请发短信", "sms"),
            ("不要发短信", "voice"),
            ("请勿发短信", "voice"),
            ("已发短信", "sms"),
            ("粤语", "voice"),
        ],
    )
    def test_the_channel(self, notes: str, channel: str) -> None:
        assert rules.read_preferences(notes).channel == channel

    def test_dialect_hearing_and_distance(self) -> None:
        wishes = rules.read_preferences("广东话；耳背；异地患者，湖南长沙")
        assert (wishes.dialect, wishes.hard_of_hearing, wishes.remote) == ("粤语", True, True)

    def test_a_dialect_that_is_not_spoken_is_none(self) -> None:
        assert rules.read_preferences("听不懂粤语").dialect is None

    @given(st.text())
    def test_any_note_is_read_and_gives_known_wishes_only(self, notes: str) -> None:
        assert rules.read_preferences(notes).channel in {None, "voice", "sms"}


@pytest.mark.unit
class TestSalutation:
    @pytest.mark.parametrize(
        ("name", "gender", "spoken"),
        [
            ("王丽华", "female", "王女士"),
            ("欧阳倩", "female", "欧阳女士"),
            ("司徒", "male", "司先生"),
            ("李明", "unknown", "李明"),
            ("=cmd|'/c calc'!A1", "female", "您"),
        ],
    )
    def test_says(self, name: str, gender: str, spoken: str) -> None:
        assert rules.salutation(name, gender) == spoken


@pytest.mark.unit
class TestGrams:
    @given(st.text(min_size=1, max_size=12), st.data())
    def test_every_part_of_a_name_is_found_by_its_grams(self, name: str, data: st.DataObject) -> None:
        text = rules.normal_name(name)
        if len(text) < 2:
            return
        start = data.draw(st.integers(0, len(text) - 2))
        end = data.draw(st.integers(start + 2, len(text)))
        pairs = {text[i : i + 2] for i in range(start, end - 1)}
        assert pairs <= set(rules.grams(name))
