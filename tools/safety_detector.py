"""python -m tools.safety_detector: makes the detector of the safety gate from the judged `dev` sentences of its tests.

What patients say on any day are the wordings of the starter library and everyday.yaml; `ASK_SHARE` of it may be asked
back.
"""

from pathlib import Path

from assistant.safety import detector, learning
from assistant.safety.learning import Judged
from assistant.safety.measuring import Sentence
from assistant.safety.reading import readable
from assistant.safety.ruleset import Ruleset, shipped
from core_api.kit.yaml_text import load_yaml
from tools.locations import ROOT
from tools.progress import say

SENTENCES = ROOT / "tests" / "assistant" / "safety"
EVERYDAY = ROOT / "assistant" / "safety" / "library" / "everyday.yaml"
LIBRARY = ROOT / "knowledge" / "library"
TARGET = ROOT / "assistant" / "safety" / detector.FILE
ASK_SHARE = 0.02


def main() -> None:
    rules = shipped()
    families = [family.document.key for family in rules.families]
    made = learning.learn(judged(rules), everyday(rules), families, ASK_SHARE, say)
    detector.save(made, TARGET)
    say(f"✓ {TARGET.relative_to(ROOT)}: {len(made.hashes)} features, {TARGET.stat().st_size // 1024} KiB")


def judged(rules: Ruleset) -> list[Judged]:
    """The sentences to learn from, never those that are held out."""
    found = [Sentence.model_validate(one) for path in files() for one in load_yaml(path.read_text("utf-8"))]
    return [Judged(_comparable(one.text, rules), one.expect) for one in found if one.split == "dev"]


def files() -> list[Path]:
    """The files of sentences."""
    return [path for path in sorted(SENTENCES.rglob("*.yml")) if path.name != "more.yml"]


def everyday(rules: Ruleset) -> list[str]:
    """What patients ask on any day, each once."""
    found = {_comparable(words, rules) for line in load_yaml(EVERYDAY.read_text("utf-8")) for words in line.split("|")}
    for path in sorted(LIBRARY.glob("*.yaml")):
        read = load_yaml(path.read_text("utf-8"))
        for entry in read.get("entries", ()):
            found |= {_comparable(words, rules) for words in (entry["question"], *entry["variants"])}
    return sorted(found - {""})


def _comparable(text: str, rules: Ruleset) -> str:
    return readable(text, rules.document.respell, rules.respelling).text


if __name__ == "__main__":
    main()
