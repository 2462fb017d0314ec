import pytest
import yaml

from core_api.kit.yaml_text import FAST, SHALLOW, load_yaml

pytestmark = pytest.mark.unit


class TestLoadYaml:
    def test_reads_what_the_plain_loader_reads(self) -> None:
        text = "标题: 随访\nitems:\n- {key: a, on: yes, at: 2026-11-20}\n- [1, 2.5, null]\n"
        assert load_yaml(text) == yaml.safe_load(text)

    def test_uses_the_fast_loader_where_there_is_one(self) -> None:
        assert (FAST is yaml.SafeLoader) != yaml.__with_libyaml__

    def test_refuses_objects(self) -> None:
        with pytest.raises(yaml.YAMLError):
            load_yaml("!!python/object/apply:os.getcwd []")

    @pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000 + "a", "{a: " * 40_000])
    def test_a_text_that_nests_without_end_is_an_error_and_not_the_end_of_the_process(self, text: str) -> None:
        with pytest.raises(yaml.YAMLError):
            load_yaml(text)

    def test_a_flat_text_of_many_brackets_is_still_read(self) -> None:
        assert load_yaml("- [a]\n" * SHALLOW) == [["a"]] * SHALLOW

    def test_says_where_the_fault_is(self) -> None:
        with pytest.raises(yaml.YAMLError) as failure:
            load_yaml("a: 1\nb: [1\nc: 2\n")
        assert failure.value.problem_mark.line in {1, 2}  # type: ignore[attr-defined]
