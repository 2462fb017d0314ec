"""What keeps a definition from being published: each problem says the item, why, and what to do. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from core_api.questionnaires.conditions import kind_of
from core_api.questionnaires.reachability import loops, never_holding_rules, unreachable
from core_api.questionnaires.schemas import Condition, DefinitionProblem, Item, Questionnaire

ORDERED = {">", "<", ">=", "<="}
KINDS = {"boolean": "boolean", "integer": "number", "decimal": "number", "date": "date"}
NUMBERS = {"integer", "decimal"}
OPTIONS_MINIMUM = 2
CHOICES = {"choice", "multi_choice"}
NEEDS_KEYS = {"boolean", "choice", "multi_choice", "integer", "decimal", "date"}
RESERVED_KEYS = "按键只能用1到9；0留作转人工，井号留作确认"


def validate_definition(questionnaire: Questionnaire) -> list[DefinitionProblem]:
    """Lists every problem; an empty list may be published."""
    problems = list(_whole(questionnaire))
    for item in questionnaire.items:
        problems += _wording(item)
        problems += _options(item)
        problems += _numbers(item)
        problems += _placeholders(item, questionnaire.context)
    problems += _conditions(questionnaire)
    problems += _scales(questionnaire)
    if not any(problem.code in {"duplicate_item", "unknown_question"} for problem in problems):
        problems += _paths(questionnaire)
    return problems


def _problem(code: str, item: str | None, reason: str, remedy: str) -> DefinitionProblem:
    return DefinitionProblem(code=code, link_id=item, reason=reason, remedy=remedy)


def _repeated(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]


def _whole(questionnaire: Questionnaire) -> Iterator[DefinitionProblem]:
    if not any(item.type != "display" for item in questionnaire.items):
        yield _problem("empty", None, "问卷里没有题目", "请至少加一道题")
    for link_id in _repeated(item.link_id for item in questionnaire.items):
        yield _problem("duplicate_item", link_id, f"题号“{link_id}”用了不止一次", "请给每道题不同的题号")
    for key in _repeated(rule.key for rule in questionnaire.alert_rules):
        yield _problem("duplicate_rule", None, f"预警规则“{key}”用了不止一次", "请给每条规则不同的名字")
    for field in ("intro_voice", "closing_voice", "closing_alert_voice"):
        for name in _unknown_names((getattr(questionnaire, field),), questionnaire.context):
            yield _problem("placeholder", None, f"{field} 里的{{{name}}}没有来源", "请在 context 里写上它，或改掉话术")
    if not questionnaire.closing_voice.strip():
        yield _problem("missing_wording", None, "缺少结束语 closing_voice", "请写上结束时说的话")
    if questionnaire.alert_rules and not questionnaire.closing_alert_voice.strip():
        yield _problem(
            "missing_wording",
            None,
            "有预警规则，但缺少 closing_alert_voice",
            "请写上有预警时的结束语，提醒患者联系医院",
        )


def _wording(item: Item) -> Iterator[DefinitionProblem]:
    fields = ["text_voice", "text_chat"]
    if item.type != "display":
        fields.append("text_rephrase")
    if item.type in NEEDS_KEYS:
        fields.append("text_keys")
    for field in fields:
        if not getattr(item, field).strip():
            yield _problem("missing_wording", item.link_id, f"缺少话术 {field}", f"请给这道题写上 {field}")


def _options(item: Item) -> Iterator[DefinitionProblem]:
    if item.type in CHOICES and len(item.options) < OPTIONS_MINIMUM:
        yield _problem("options", item.link_id, "选择题少于两个选项", "请至少写两个选项")
    if item.type == "boolean" and {option.code for option in item.options} != {"true", "false"}:
        yield _problem("options", item.link_id, "是非题的选项代码须为 true 和 false", "请改用 true 和 false 两个选项")
    for code in _repeated(option.code for option in item.options):
        yield _problem("duplicate_option", item.link_id, f"选项代码“{code}”重复", "请给每个选项不同的代码")
    words = [word for option in item.options for word in {option.display, *option.synonyms}]
    for word in _repeated(words):
        yield _problem("duplicate_synonym", item.link_id, f"“{word}”同时属于两个选项", "请只留在一个选项里")
    yield from _keys(item)


def _keys(item: Item) -> Iterator[DefinitionProblem]:
    keys = [option.key for option in item.options if option.key is not None]
    for key in _repeated(keys):
        yield _problem("duplicate_key", item.link_id, f"按键{key}对应了两个选项", "请给每个选项不同的按键")
    for option in item.options:
        if option.key is None or not re.fullmatch("[1-9]", option.key):
            yield _problem("key", item.link_id, f"选项“{option.display}”的按键无效", RESERVED_KEYS)
        elif item.text_keys.strip() and option.key not in item.text_keys:
            yield _problem(
                "key_wording",
                item.link_id,
                f"按键话术没有说按键{option.key}",
                f"请在 text_keys 里说明{option.display}按几",
            )


def _numbers(item: Item) -> Iterator[DefinitionProblem]:
    if item.type not in NUMBERS:
        return
    if not item.unit:
        yield _problem("unit", item.link_id, "数字题缺少单位", "请写上 unit，例如 ℃、毫升、公斤")
    if item.minimum is None or item.maximum is None:
        yield _problem("range", item.link_id, "数字题缺少范围", "请写上 minimum 和 maximum")
    elif item.minimum >= item.maximum:
        yield _problem("range", item.link_id, "下限不小于上限", "请检查 minimum 和 maximum")


def _placeholders(item: Item, known: tuple[str, ...]) -> Iterator[DefinitionProblem]:
    texts = (item.text_voice, item.text_chat, item.text_keys, item.text_rephrase)
    for name in _unknown_names(texts, known):
        yield _problem("placeholder", item.link_id, f"话术里的{{{name}}}没有来源", "请在 context 里写上它，或改掉话术")


def _unknown_names(texts: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    used = {name for text in texts for name in re.findall(r"\{(\w*)\}", text)}
    return sorted(used - set(known))


def _conditions(questionnaire: Questionnaire) -> Iterator[DefinitionProblem]:
    by_id = {item.link_id: item for item in questionnaire.items}
    for item in questionnaire.items:
        for condition in item.enable_when:
            yield from _condition(condition, by_id, item.link_id, f"题目“{item.link_id}”的条件")
    for rule in questionnaire.alert_rules:
        for condition in rule.when:
            yield from _condition(condition, by_id, None, f"预警规则“{rule.key}”")


def _condition(
    condition: Condition, items: dict[str, Item], owner: str | None, who: str
) -> Iterator[DefinitionProblem]:
    target = items.get(condition.question)
    if target is None:
        yield _problem("unknown_question", owner, f"{who}引用了不存在的题目“{condition.question}”", "请改成已有的题号")
        return
    fault = _condition_fault(condition, target)
    if fault:
        yield _problem("condition", owner, f"{who}：{fault}", "请按所引用题目的类型和选项改写条件")


def _condition_fault(condition: Condition, target: Item) -> str | None:
    kind, named = kind_of(condition.answer), f"“{target.link_id}”"
    if target.type == "display":
        return f"{named}只是一句话，没有答案"
    if condition.operator == "exists":
        return None if kind == "boolean" else "exists 的值须为 true 或 false"
    if condition.operator in ORDERED and target.type not in {*NUMBERS, "date"}:
        return f"{named}不能比较大小"
    if target.type in CHOICES:
        known = condition.answer in {option.code for option in target.options}
        return None if known else f"{named}没有选项“{condition.answer}”"
    return None if kind == KINDS.get(target.type, "text") else f"{named}的类型是 {target.type}，与条件的值不符"


def _scales(questionnaire: Questionnaire) -> Iterator[DefinitionProblem]:
    known = {item.link_id for item in questionnaire.items}
    for scale in questionnaire.scoring:
        for link_id in scale.items:
            if link_id not in known:
                yield _problem(
                    "unknown_question", None, f"评分“{scale.key}”引用了不存在的题目“{link_id}”", "请改成已有的题号"
                )


def _paths(questionnaire: Questionnaire) -> Iterator[DefinitionProblem]:
    looping = loops(questionnaire)
    for link_id in looping:
        yield _problem("loop", link_id, "这道题的出现条件绕回了它自己", "请去掉其中一个条件，让题目只依赖前面的题")
    if looping:
        return
    position = {item.link_id: index for index, item in enumerate(questionnaire.items)}
    for item in questionnaire.items:
        later = [one.question for one in item.enable_when if position[one.question] > position[item.link_id]]
        if later:
            yield _problem("order", item.link_id, f"条件引用了后面的题目“{later[0]}”", "请把这道题移到它后面")
    for link_id in unreachable(questionnaire):
        yield _problem("unreachable", link_id, "这道题的条件永远不会成立，问不到", "请检查条件的值和范围")
    for key in never_holding_rules(questionnaire):
        yield _problem("never_holds", None, f"预警规则“{key}”的条件永远不会成立", "请检查条件的值和范围")
