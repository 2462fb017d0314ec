import pytest

from core_api.kit.errors import Invalid
from core_api.questionnaires.document import SIZE_LIMIT, from_bytes, from_yaml, library, to_yaml
from core_api.questionnaires.schemas import Questionnaire

pytestmark = pytest.mark.unit

HEAD = "key: probe\nversion: 1\ntitle: 试\n"


@pytest.mark.parametrize("definition", library(), ids=lambda one: one.key)
def test_what_is_written_reads_the_same(definition: Questionnaire) -> None:
    assert from_yaml(to_yaml(definition)) == definition


class TestFromYaml:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("key: [", "第1行不是有效的 YAML"),
            (HEAD + "items:\n  - a: 1\n b: 2", "第6行"),
            ("- a", "应当以 key"),
            ("key: probe", "“version”有误"),
            (HEAD + "items:\n  - {link_id: q1, type: boolean, text_chat: 问}", "“items.q1.text_voice”有误"),
            (HEAD + "items:\n  - {type: boolean}", "“items.1.link_id”有误"),
            (HEAD + "items: [3]", "“items.1”有误"),
            (HEAD + "colour: red", "“colour”有误"),
            ("x" * (SIZE_LIMIT + 1), "太大"),
        ],
    )
    def test_says_where_it_is_wrong(self, text: str, message: str) -> None:
        with pytest.raises(Invalid) as refused:
            from_yaml(text)
        assert message in refused.value.message

    def test_python_objects_are_not_made(self) -> None:
        with pytest.raises(Invalid):
            from_yaml("!!python/object/apply:os.system ['true']")


class TestFromBytes:
    def test_takes_utf8_with_or_without_mark(self) -> None:
        assert from_bytes(b"\xef\xbb\xbf" + HEAD.encode()) == from_bytes(HEAD.encode())

    def test_another_encoding_is_refused(self) -> None:
        with pytest.raises(Invalid, match="UTF-8"):
            from_bytes(HEAD.encode("gb18030"))
