"""Compiles a document of rules; says what is wrong with one, in words for its author."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from pydantic import ValidationError

from assistant.safety.schemas import CueDocument, Document, FamilyDocument, Pair, RuleDocument
from core_api.kit.errors import Invalid
from core_api.kit.yaml_text import load_yaml

GROUP = re.compile(r"\{([a-z_]+)\}")
MAX_DOCUMENT_CHARS = 200_000


@dataclass(frozen=True)
class Cue:
    """A cue, ready to be looked for."""

    document: CueDocument
    pattern: re.Pattern[str]
    reset: re.Pattern[str] | None
    lift: re.Pattern[str] | None


@dataclass(frozen=True)
class Couple:
    """A pair, ready to be looked for; `apart` finds what must not stand between its halves."""

    one: re.Pattern[str]
    other: re.Pattern[str]
    within: int
    apart: re.Pattern[str] | None


@dataclass(frozen=True)
class Rule:
    """A rule, ready to be looked for; `cues` are those that it is not immune to, `heads` its anchors' first letters."""

    document: RuleDocument
    heads: frozenset[str]
    pattern: re.Pattern[str] | None
    couples: tuple[Couple, ...]
    unless: re.Pattern[str] | None
    context: re.Pattern[str] | None
    cues: tuple[Cue, ...]


@dataclass(frozen=True)
class Family:
    """A family with its rules."""

    document: FamilyDocument
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Ruleset:
    """A compiled document."""

    document: Document
    families: tuple[Family, ...]
    respelling: re.Pattern[str] | None


def read(text: str) -> Ruleset:
    """Reads and compiles a document.

    Raises:
        Invalid: It cannot be read; the message and field name the place at fault.
    """
    if len(text) > MAX_DOCUMENT_CHARS:
        raise Invalid("规则文件过大", field="document")
    try:
        raw = load_yaml(text)
        document = Document.model_validate(raw)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"第 {mark.line + 1} 行" if mark else "文件"
        raise Invalid(f"规则文件格式有误：{line}", field="document") from error
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise Invalid(f"规则文件内容有误：{place or '文件'}", field=f"document.{place}") from error
    return compile_document(document)


@cache
def shipped_text() -> str:
    """The document that comes with the product."""
    return files("assistant.safety").joinpath("library/red_flags.yaml").read_text("utf-8")


@cache
def shipped() -> Ruleset:
    """The rules that come with the product."""
    return read(shipped_text())


def compile_document(document: Document) -> Ruleset:
    """Compiles a document's patterns.

    Raises:
        Invalid: A pattern, a word group or a misspelling is not sound.
    """
    words = _words(document.words)
    cues = tuple(_cue(cue, words) for cue in document.cues)
    families = tuple(
        Family(family, tuple(_rule(rule, words, cues) for rule in family.rules)) for family in document.families
    )
    keys = [family.key for family in document.families]
    if len(set(keys)) != len(keys):
        raise Invalid("危险信号类别重复", field="document.families")
    return Ruleset(document, families, _respelling(document.respell))


def _words(groups: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name, text in groups.items():
        known[name] = f"(?:{_filled(text, known, f'words.{name}')})"
    return known


def _filled(text: str, known: Mapping[str, str], place: str) -> str:
    def put(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise Invalid(f"没有这个词组：{match[1]}", field=f"document.{place}")
        return known[match[1]]

    return GROUP.sub(put, text)


def _pattern(texts: Iterable[str], words: Mapping[str, str], place: str) -> re.Pattern[str] | None:
    filled = [_filled(text, words, place) for text in texts]
    if not filled:
        return None
    try:
        return re.compile("|".join(f"(?:{text})" for text in filled))
    except re.error as error:
        raise Invalid(f"规则写法有误：{place}", field=f"document.{place}") from error


def _cue(cue: CueDocument, words: Mapping[str, str]) -> Cue:
    place = f"cues.{cue.key}"
    texts = [f"(?:{text})$" for text in cue.patterns] if cue.where == "before" else cue.patterns
    pattern = _pattern(texts, words, place)
    if pattern is None:
        raise Invalid(f"规则写法有误：{place}", field=f"document.{place}")
    return Cue(cue, pattern, _pattern(cue.reset, words, place), _pattern(cue.lift, words, place))


def _rule(rule: RuleDocument, words: Mapping[str, str], cues: tuple[Cue, ...]) -> Rule:
    place = f"rules.{rule.key}"
    if not rule.patterns and not rule.pairs and rule.threshold is None:
        raise Invalid(f"规则没有内容：{place}", field=f"document.{place}")
    return Rule(
        document=rule,
        heads=frozenset(anchor[0] for anchor in rule.anchors),
        pattern=_pattern(rule.patterns, words, place),
        couples=tuple(_couple(pair, words, place) for pair in rule.pairs),
        unless=_pattern(rule.unless, words, place),
        context=_pattern(rule.context, words, place),
        cues=tuple(cue for cue in cues if cue.document.reason not in rule.immune),
    )


def _couple(pair: Pair, words: Mapping[str, str], place: str) -> Couple:
    one, other = _pattern([pair.one], words, place), _pattern([pair.other], words, place)
    if one is None or other is None:
        raise Invalid(f"规则写法有误：{place}", field=f"document.{place}")
    apart = [text for text in (pair.apart, "" if pair.across else ",") if text]
    return Couple(one, other, pair.within, _pattern(apart, words, place))


def _respelling(respell: Mapping[str, str]) -> re.Pattern[str] | None:
    if any(len(wrong) != len(meant) for wrong, meant in respell.items()):
        raise Invalid("错别字与正确写法的字数必须相同", field="document.respell")
    return re.compile("|".join(map(re.escape, respell))) if respell else None
