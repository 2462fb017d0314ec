"""A closer look at the best few entries: what ranks them, and how sure it is that the first one is right. Pure.

Both are linear: `huifang knowledge calibrate` chooses the weights on gold questions (`knowledge.evaluation.fitting`).
"""

from collections.abc import Sequence

import numpy as np

from knowledge.search.lexical import Floats
from knowledge.search.schemas import Judge

LOOKED_AT = 10
"""So many entries are looked at closer."""
OF_ENTRY = (
    "characters",
    "syllables",
    "words",
    "coverage",
    "dense",
    "near",
    "centre",
    "known_characters",
    "known_syllables",
    "known_words",
    "foreign",
    "aims_met",
    "aims_missed",
    "aims_added",
)
"""Features of an entry: the best of its wordings by each family; the cosines of its nearest wording, of its three
nearest, of its middle; which share of the question's weight any of its wordings knows; whether the question names a
subject of other houses that none of them names (螺蛳粉 in 食堂有没有螺蛳粉); how far they want the same (`aims`)."""
OF_QUESTION = ("unknown_words", "unknown_characters", "words", "characters", "latin")
"""What nobody's wording knows, how long the question is, and whether it is a sentence in Latin letters."""
OF_FIRST = (*OF_ENTRY, "rank", "lead", "share", *OF_QUESTION, "best_dense")
FAR_AHEAD = 5.0


def fits(judge: Judge) -> bool:
    """Whether a judge was chosen for these features, and not by another version for others."""
    return len(judge.rank) == len(OF_ENTRY) and len(judge.sure) == len(OF_FIRST)


def ranks(closer: Floats, judge: Judge) -> Floats:
    """A rank score for each entry, shape (entries,); `closer` has a column for each of OF_ENTRY."""
    found: Floats = (closer @ np.asarray(judge.rank, np.float32)).astype(np.float32)
    return found


def of_first(closer: Floats, ranked: Floats, question: Sequence[float]) -> Floats:
    """The features of the best entry among its rivals, a number for each of OF_FIRST."""
    order = np.argsort(-ranked, kind="stable")
    first = int(order[0])
    lead = float(ranked[first] - ranked[order[1]]) if len(order) > 1 else FAR_AHEAD
    share = float(np.log(1 / np.exp(ranked - ranked[first]).sum()))
    dense = float(closer[:, OF_ENTRY.index("dense")].max())
    told = [*closer[first], ranked[first], min(lead, FAR_AHEAD), share, *question, dense]
    return np.array(told, np.float32)


def sureness(closer: Floats, ranked: Floats, question: Sequence[float], judge: Judge) -> Floats:
    """How sure it is that each entry is right, 0..1; the others follow the first by their ranks."""
    features = of_first(closer, ranked, question)
    first = 1 / (1 + float(np.exp(-(features @ np.asarray(judge.sure, np.float32) + judge.bias))))
    found: Floats = (first * np.exp(ranked - ranked.max())).astype(np.float32)
    return found
