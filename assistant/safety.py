"""Red-flag words in a patient's message, with negation. Minimal: the full rules come with the safety issue.

Wording after what emergency triage in China asks for at once (胸痛, 呼吸困难, 大出血, 意识障碍, 自伤念头).
Clinicians confirm the list before use.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class RedFlag:
    """A rule that a message met."""

    rule_key: str
    text: str


RULES: tuple[tuple[str, str, str], ...] = (
    ("red_chest_pain", r"胸(?:口|部)?(?:很|好|特别|一阵阵)?(?:疼|痛|闷得)", "患者提到胸痛"),
    ("red_breathing", r"喘不(?:上|过)(?:来)?气|呼吸(?:很|特别)?困难|憋得(?:慌|难受)|透不过气", "患者提到呼吸困难"),
    (
        "red_bleeding",
        r"大出血|出血(?:很多|特别多|不止|止不住)|(?:流|出)了?(?:很多|好多)血|血止不住",
        "患者提到大量出血",
    ),
    ("red_unconscious", r"昏(?:倒|迷|过去)|晕(?:倒|过去)|叫不醒|抽搐|抽筋抽得", "患者提到昏迷、晕倒或抽搐"),
    ("red_vomit_blood", r"吐血|呕血|咳血|便血很多|黑便", "患者提到呕血、咳血或黑便"),
    ("red_self_harm", r"不想活|想死|自杀|活不下去|轻生", "患者提到轻生念头"),
    ("red_no_urine", r"(?:没有?尿|尿不出来|一滴尿(?:也|都)没)", "患者提到无尿"),
)
_COMPILED = tuple((key, re.compile(pattern), text) for key, pattern, text in RULES)
NEGATED = re.compile(r"(?:没有?|不(?:会|是|再|觉得)?|无|未|从来不|并没有?)(?:什么|过|任何|出现|发生|感觉|感到|觉得)*$")
SENTENCE = re.compile(r"[，。！？；,.!?;]|但是?|不过|可是|就是")
OTHERS = re.compile(r"(?:我)?(?:邻居|朋友|同事|别人|隔壁)")
PAST = re.compile(r"(?:去年|前年|以前|很久以前|小时候|几年前)[^，。]*$")


def check(text: str | None) -> RedFlag | None:
    """The first red flag that a message states of the patient now; "没有胸痛" is none."""
    for clause in SENTENCE.split(text or ""):
        flag = _in_clause(clause)
        if flag is not None:
            return flag
    return None


def _in_clause(clause: str) -> RedFlag | None:
    for key, pattern, text in _COMPILED:
        match = pattern.search(clause)
        if match is None:
            continue
        before = clause[: match.start()]
        negated = NEGATED.search(before) or OTHERS.search(before) or PAST.search(before)
        if not negated:
            return RedFlag(key, text)
    return None
