"""The rules' document, what is known of the patient, and what a check finds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Fact = Literal["transplant", "after_retrieval", "pregnant"]
Reason = Literal[
    "negated", "others", "past", "resolved", "question", "condition", "idiom", "mild", "missing_fact", "below_threshold"
]
CueReason = Literal["negated", "others", "past", "resolved", "question", "condition", "idiom", "mild"]
Where = Literal["before", "after", "inside", "clause", "ahead", "behind", "bare"]
Quantity = Literal["temperature_c"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Facts(Frozen):
    """What the record says of the patient; None where it is not known."""

    transplant: bool | None = None
    after_retrieval: bool | None = None
    pregnant: bool | None = None


class CueDocument(Frozen):
    """Words around a sign that take its urgency away.

    Attributes:
        where: "before" ends at the sign, "after" begins at its end, "inside" is part of it, "clause" and "ahead" stand
            anywhere before it in its clause or sentence, "behind" anywhere after it, "bare" after one that begins its
            sentence. Of a pair, each half is the sign.
        reset: Words between cue and sign that lift the cue again.
        lift: Words after the sign that lift the cue again ("去年疼过，今天又疼").
    """

    key: str
    reason: CueReason
    where: Where
    patterns: tuple[str, ...] = Field(min_length=1)
    reset: tuple[str, ...] = ()
    lift: tuple[str, ...] = ()


class Threshold(Frozen):
    """The sign counts from this value on."""

    quantity: Quantity
    at_least: float


class Pair(Frozen):
    """Two expressions near each other, in either order: where, and what is felt or happens there.

    Attributes:
        within: Characters between them at most.
        across: A comma may stand between them.
        apart: What must not stand between them: another part of the body, say.
    """

    one: str
    other: str
    within: int = Field(ge=0, le=30)
    across: bool = False
    apart: str = ""


class RuleDocument(Frozen):
    """Signs of one kind.

    Attributes:
        anchors: Every sign contains one of these; a message without any is not looked at further.
        patterns: Regular expressions with `{word group}` places.
        pairs: Two expressions that stand near each other, in either order.
        unless: What looks like the sign and is none, over the same words.
        needs: The sign counts only where one of these facts holds, or where the message itself says so.
        context: Words by which the message itself says so.
        immune: Reasons that do not take this sign's urgency away.
    """

    key: str
    anchors: tuple[str, ...] = Field(min_length=1)
    patterns: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    unless: tuple[str, ...] = ()
    needs: tuple[Fact, ...] = ()
    context: tuple[str, ...] = ()
    threshold: Threshold | None = None
    immune: tuple[CueReason, ...] = ()


class Examples(Frozen):
    """Sentences that must be flagged and sentences that must not; a revision whose own examples fail is refused."""

    flag: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    facts: Facts = Facts()


class FamilyDocument(Frozen):
    """One kind of danger, and what the patient is told at once.

    Attributes:
        text: The case's wording: a rule's own, never the patient's.
        gravity: Of several families the wording of the least number is said whole; equal ones keep their order.
        also_chat, also_voice: What must be said all the same when another family's wording leads.
        question: How to ask whether it is so, where a message leaves it open; without one it is not suspected.
    """

    key: str = Field(pattern=r"^[a-z_]{3,40}$")
    title: str = Field(min_length=1, max_length=40)
    level: Literal["red", "orange"] = "red"
    text: str = Field(min_length=1, max_length=120)
    wording_chat: str = Field(min_length=1, max_length=300)
    wording_voice: str = Field(min_length=1, max_length=200)
    gravity: int = Field(default=50, ge=1, le=99)
    also_chat: str = Field(default="", max_length=100)
    also_voice: str = Field(default="", max_length=100)
    question: str = Field(default="", max_length=60)
    rules: tuple[RuleDocument, ...] = Field(min_length=1)
    examples: Examples = Examples()


class Document(Frozen):
    """A whole set of rules.

    Attributes:
        words: Word groups by name, used as `{name}`; a group may use groups above it.
        respell: Frequent misspellings and what is meant, of equal length.
    """

    note: str = ""
    words: dict[str, str] = {}
    respell: dict[str, str] = {}
    cues: tuple[CueDocument, ...] = ()
    families: tuple[FamilyDocument, ...] = Field(min_length=1)


class RedFlag(Frozen):
    """A danger that a message states of the patient, or of whom they write for, now.

    Attributes:
        words: The words that met the rule; `start` and `end` are their place in the message.
    """

    family: str
    rule_key: str
    title: str
    text: str
    wording_chat: str
    wording_voice: str
    level: Literal["red", "orange"]
    gravity: int
    also_chat: str
    also_voice: str
    words: str
    start: int
    end: int


class Suspicion(Frozen):
    """A danger that a message may be speaking of; `question` asks the patient whether it is so."""

    family: str
    title: str
    text: str
    question: str


class NearMiss(Frozen):
    """Words that met a rule but do not count, and why."""

    family: str
    title: str
    words: str
    start: int
    end: int
    reason: Reason
    cue: str


class Checked(Frozen):
    """All that a check found."""

    flags: tuple[RedFlag, ...]
    near_misses: tuple[NearMiss, ...]
