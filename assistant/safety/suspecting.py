"""What a message without a red flag may be speaking of: the detector's word, as far as the record allows it."""

import logging
from functools import cache

from safetensors import SafetensorError

from assistant.safety import detector
from assistant.safety.detector import Detector
from assistant.safety.reading import readable
from assistant.safety.rules import NOTHING_KNOWN
from assistant.safety.ruleset import Ruleset
from assistant.safety.schemas import Facts, FamilyDocument, Suspicion

log = logging.getLogger(__name__)


def suspect(text: str | None, rules: Ruleset, facts: Facts = NOTHING_KNOWN) -> Suspicion | None:
    """What a message without a red flag may be speaking of; a family that needs a fact counts where it is known."""
    if not text or not text.strip():
        return None
    families = {family.document.key: family.document for family in rules.families if family.document.question}
    comparable = readable(text, rules.document.respell, rules.respelling).text
    likely = (families[key] for key in _detector().suspects(comparable) if key in families)
    found = next((one for one in likely if _possible(one, facts)), None)
    if found is None:
        return None
    return Suspicion(family=found.key, title=found.title, text=found.text, question=found.question)


@cache
def _detector() -> Detector:
    """The detector that ships; a damaged file leaves the rules alone, and says so once."""
    try:
        return detector.shipped()
    except (OSError, SafetensorError):
        log.exception("safety detector unreadable; rules only")
        return detector.none_of(())


def _possible(family: FamilyDocument, facts: Facts) -> bool:
    """Whether the record allows it: what every rule of a family needs must not be known to be untrue."""
    needs = [rule.needs for rule in family.rules]
    return not all(needs) or any(getattr(facts, need) is not False for rule in needs for need in rule)
