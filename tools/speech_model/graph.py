"""The decoding graph: HCLr (sounds to words) and Gr (words), for Vosk's grammars at run time.

Arcs carry transition ids in Kaldi's reordered way: a state's forward transition first, its self-loops after it. No
determinisation is needed: the lexicon is written as a tree.
"""

import math
import os
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.progress import StepFailed
from tools.speech_model.transitions import SILENCE, arcs, phone
from tools.speech_model.units import UNITS, unit_ids, word_units

UNKNOWN = "[unk]"
WARY = "[else]"
UNKNOWN_COSTS = {UNKNOWN: 6.0, WARY: 3.0}
"""Per unit. The dear one lets words through that were said unusually; the cheap one is there to doubt them."""
SYSTEM_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
LOOKAHEAD_LIBRARY = "libfstlookahead.so.22"
Arc = tuple[int, int, int, int, float]


@dataclass
class Node:
    """A place in the lexicon's tree: after a unit, with and without a blank behind it."""

    unit: int
    joined: int
    after_blank: int
    children: dict[int, "Node"] = field(default_factory=dict)


class Lexicon:
    """Builds HCL: a loop of optional silence and words.

    Attributes:
        arcs: (from, to, transition id, word, cost).
        finals: Final states.
    """

    def __init__(self, words: dict[str, int]) -> None:
        self.arcs: list[Arc] = []
        self.finals: list[int] = []
        self._transitions = {key: arc.number for key, arc in arcs().items()}
        self._states = 0
        self._ends: dict[int, int] = {}
        self._roots: dict[int, int] = {}
        self._begin = self._state()
        self._words = self._state()
        self._nodes: dict[int, Node] = {}
        self._silence()
        starts = {unit_ids(word_units(word))[0] for word in words if word not in UNKNOWN_COSTS}
        self._repeatable = starts
        for word, number in words.items():
            if word not in UNKNOWN_COSTS:
                self._word(unit_ids(word_units(word)), number)
        for word, cost in UNKNOWN_COSTS.items():
            self._unknown(words[word], cost)
        self._separate_equal_units()
        self.finals += [self._begin, self._words]

    def _state(self) -> int:
        self._states += 1
        return self._states - 1

    def _arc(self, source: int, target: int, transition: tuple[int, int, int] | None, *, word: int = 0) -> None:
        label = self._transitions[transition] if transition else 0
        self.arcs.append((source, target, label, word, 0.0))

    def _silence(self) -> None:
        silent = self._state()
        self._arc(self._begin, silent, (SILENCE, 0, 1))
        self._arc(silent, silent, (SILENCE, 0, 0))
        self._arc(silent, self._words, None)
        self._arc(self._begin, self._words, None)

    def _word(self, units: list[int], number: int) -> None:
        source, nodes = self._words, self._nodes
        for place, unit in enumerate(units[:-1]):
            node = nodes.get(unit)
            if node is None:
                node = self._node(source, unit, "B" if place == 0 else "I")
                nodes[unit] = node
            source = node.after_blank if units[place + 1] == unit else node.joined
            nodes = node.children
        last = phone(units[-1], "S" if len(units) == 1 else "E")
        self._arc(source, self._end(last, units[-1]), (last, 0, 2), word=number)

    def _node(self, source: int, unit: int, position: str) -> Node:
        """A unit inside a word: with a blank behind it, or joined to the next."""
        number = phone(unit, position)
        with_blank, blank, direct = self._state(), self._state(), self._state()
        node = Node(unit, self._state(), blank)
        self._arc(source, with_blank, (number, 0, 1))
        self._arc(with_blank, with_blank, (number, 0, 0))
        self._arc(with_blank, blank, (number, 1, 2))
        self._arc(blank, blank, (number, 1, 1))
        self._arc(blank, node.joined, None)
        self._arc(source, direct, (number, 0, 2))
        self._arc(direct, direct, (number, 0, 0))
        self._arc(direct, node.joined, None)
        return node

    def _end(self, last: int, unit: int) -> int:
        """After a word's last phone; no blank, so that what follows is silence or the next word."""
        if last not in self._ends:
            end = self._state()
            self._ends[last] = end
            self._arc(end, end, (last, 0, 0))
            if unit in self._repeatable:
                self._arc(end, self._root_after(unit), None)
            else:
                self._arc(end, self._begin, None)
        return self._ends[last]

    def _root_after(self, unit: int) -> int:
        """Where words begin that do not begin with this unit; all words may after silence."""
        if unit not in self._roots:
            root = self._state()
            self._roots[unit] = root
            self.finals.append(root)
            silent = self._state()
            self._arc(root, silent, (SILENCE, 0, 1))
            self._arc(silent, silent, (SILENCE, 0, 0))
            self._arc(silent, self._words, None)
        return self._roots[unit]

    def _separate_equal_units(self) -> None:
        """CTC needs a blank between equal units, also where one word ends and the next begins with the same."""
        firsts = [arc for arc in self.arcs if arc[0] == self._words]
        units = {
            self._transitions[phone(unit, at), 0, to]: unit
            for unit in range(1, len(UNITS) + 1)
            for at in "BS"
            for to in (1, 2)
        }
        for unit, root in self._roots.items():
            self.arcs += [(root, *arc[1:]) for arc in firsts if units[arc[2]] != unit]

    def _unknown(self, word: int, cost: float) -> None:
        """Any units, at a cost each, as one word."""
        inside = self._state()
        every = range(1, len(UNITS) + 1)
        for unit in every:
            self._costly(self._words, inside, unit, "B", cost)
            self._costly(inside, inside, unit, "I", cost)
            for source, position in ((self._words, "S"), (inside, "E")):
                last = phone(unit, position)
                end = self._end(last, unit)
                label = self._transitions[last, 0, 2]
                self.arcs.append((source, end, label, word, cost))

    def _costly(self, source: int, target: int, unit: int, position: str, cost: float) -> None:
        number = phone(unit, position)
        with_blank, blank, direct = self._state(), self._state(), self._state()
        for state, to in ((with_blank, 1), (direct, 2)):
            self.arcs.append((source, state, self._transitions[number, 0, to], 0, cost))
            self._arc(state, state, (number, 0, 0))
        self._arc(with_blank, blank, (number, 1, 2))
        self._arc(blank, blank, (number, 1, 1))
        self._arc(blank, target, None)
        self._arc(direct, target, None)


def write_graph(words: Iterable[str], folder: Path) -> None:
    """Writes HCLr.fst, Gr.fst, words.txt and disambig_tid.int.

    Raises:
        StepFailed: OpenFst's programs are missing or failed.
    """
    numbers = {word: number for number, word in enumerate([*UNKNOWN_COSTS, *words], start=1)}
    folder.mkdir(parents=True, exist_ok=True)
    lexicon = Lexicon(numbers)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        pairs = _lookahead(lexicon, work, folder / "HCLr.fst")
        cost = math.log(len(numbers))
        loop = "\n".join(f"0 0 {number} {number} {cost:.4f}" for number in numbers.values())
        _fst(work, "fstcompile", loop + "\n0\n", "g.fst")
        _run(
            work, "fstrelabel --relabel_ipairs=R --relabel_opairs=R g.fst | fstarcsort --sort_type=ilabel > sorted.fst"
        )
        _run(work, f"fstconvert --fst_type=const sorted.fst {folder / 'Gr.fst'}")
    lines = ["<eps> 0", *(f"{word} {pairs[number]}" for word, number in numbers.items())]
    (folder / "words.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "disambig_tid.int").write_text("", encoding="utf-8")


def _lookahead(lexicon: Lexicon, work: Path, target: Path) -> dict[int, int]:
    """Compiles HCL for look-ahead; the new number of each word."""
    start = lexicon.arcs[0][0]
    first = [arc for arc in lexicon.arcs if arc[0] == start]
    rest = [arc for arc in lexicon.arcs if arc[0] != start]
    lines = [f"{source} {to} {label} {word} {cost:g}" for source, to, label, word, cost in [*first, *rest]]
    lines += [str(state) for state in lexicon.finals]
    _fst(work, "fstcompile", "\n".join(lines) + "\n", "hcl.fst")
    _run(work, "fstarcsort --sort_type=olabel hcl.fst sorted_hcl.fst")
    _run(work, f"fstconvert --fst_type=olabel_lookahead --save_relabel_opairs=R sorted_hcl.fst {target}")
    return {int(old): int(new) for old, new in (line.split() for line in (work / "R").read_text().splitlines())}


def _fst(work: Path, command: str, text: str, target: str) -> None:
    (work / "in.txt").write_text(text, encoding="utf-8")
    _run(work, f"{command} in.txt {target}")


def _run(work: Path, command: str) -> None:
    """Runs OpenFst's programs with the look-ahead library under the name that they ask for."""
    link = work / "olabel_lookahead-fst.so"
    if not link.exists():
        link.symlink_to(SYSTEM_LIBRARIES / LOOKAHEAD_LIBRARY)
    env = {**os.environ, "LD_LIBRARY_PATH": f"{work}:{os.environ.get('LD_LIBRARY_PATH', '')}"}
    done = subprocess.run(
        ["bash", "-ec", f"set -o pipefail; {command}"], cwd=work, env=env, capture_output=True, check=False
    )
    if done.returncode:
        raise StepFailed(f"{command.split(maxsplit=1)[0]}: {done.stderr.decode(errors='replace')[-400:]}")
