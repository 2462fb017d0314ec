"""Trains the site's static embedding; runs in the `train` environment, which has torch and nothing of ours.

python -m knowledge.training PAIRS.jsonl FOLDER: each line of PAIRS is [tokens, tokens], two texts that mean the same,
as words separated by spaces. FOLDER receives a SentenceTransformer that needs no torch to be read.
"""

import argparse
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DIMENSIONS = 256
EPOCHS = 4
BATCH = 256
LEARNING_RATE = 0.02
SEED = 7
MIN_COUNT = 2
UNKNOWN = "[UNK]"
SCALE = 20.0
"""Of the in-batch negatives' cosines; sentence-transformers' own default."""
Pair = tuple[str, str]


def main(arguments: Sequence[str]) -> int:
    """Trains and saves; prints one line of figures as JSON."""
    parser = argparse.ArgumentParser(prog="knowledge.training")
    parser.add_argument("pairs", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    given = parser.parse_args(arguments)
    lines = given.pairs.read_text("utf-8").splitlines()
    read = [(str(one), str(other)) for one, other in map(json.loads, lines) if one and other]
    vocabulary = count_tokens(read)
    known = ((_known(one, vocabulary), _known(other, vocabulary)) for one, other in read)
    pairs = [pair for pair in known if all(pair)]
    train(pairs, vocabulary, given.folder, given.epochs)
    digest = hashlib.sha256((given.folder / "model.safetensors").read_bytes()).hexdigest()
    (given.folder / "name").write_text(f"static-{digest[:16]}", "ascii")
    sys.stdout.write(
        json.dumps({"pairs": len(pairs), "tokens": len(vocabulary), "name": f"static-{digest[:16]}"}) + "\n"
    )
    return 0


def count_tokens(pairs: Sequence[Pair]) -> dict[str, int]:
    """Tokens that occur often enough to learn from, the most frequent first."""
    counted = Counter(token for pair in pairs for text in pair for token in text.split())
    return {token: count for token, count in counted.most_common() if count >= MIN_COUNT}


def _known(text: str, vocabulary: dict[str, int]) -> str:
    return " ".join(token for token in text.split() if token in vocabulary)


def train(pairs: Sequence[Pair], vocabulary: dict[str, int], folder: Path, epochs: int) -> None:
    """Learns vectors so that the two texts of a pair are nearer to each other than to the others of their batch."""
    import torch  # noqa: PLC0415 - the train environment's own
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - likewise
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss  # noqa: PLC0415

    torch.manual_seed(SEED)
    module = _embedding(vocabulary, len(pairs))
    model = SentenceTransformer(modules=[module], device="cpu")
    loss = MultipleNegativesRankingLoss(model, scale=SCALE)
    optimizer = torch.optim.SparseAdam(list(module.embedding.parameters()), lr=LEARNING_RATE)
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(epochs):
        order = torch.randperm(len(pairs), generator=generator).tolist()
        for batch in _batches([pairs[index] for index in order]):
            optimizer.zero_grad()
            features = [model.preprocess([pair[side] for pair in batch]) for side in (0, 1)]
            loss(features, None).backward()
            optimizer.step()
    folder.mkdir(parents=True, exist_ok=True)
    module.save(str(folder))


def _batches(pairs: Sequence[Pair]) -> list[Sequence[Pair]]:
    """Batches in which no text stands twice: it would be its own wrong answer."""
    found: list[list[Pair]] = []
    waiting = list(pairs)
    while waiting:
        batch: list[Pair] = []
        seen: set[str] = set()
        later = []
        for pair in waiting:
            if len(batch) < BATCH and seen.isdisjoint(pair):
                batch.append(pair)
                seen.update(pair)
            else:
                later.append(pair)
        found.append(batch)
        waiting = later if len(batch) > 1 else []
    return [batch for batch in found if len(batch) > 1]


def _embedding(vocabulary: dict[str, int], texts: int) -> Any:  # noqa: ANN401 - a torch module
    """A sparse static embedding, begun as weighted random projection: rare tokens are long, so cosines make sense."""
    import torch  # noqa: PLC0415 - the train environment's own
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding  # noqa: PLC0415 - likewise
    from tokenizers import Tokenizer  # noqa: PLC0415 - likewise
    from tokenizers.models import WordLevel  # noqa: PLC0415 - likewise
    from tokenizers.pre_tokenizers import WhitespaceSplit  # noqa: PLC0415 - likewise

    tokens = [UNKNOWN, *vocabulary]
    tokenizer = Tokenizer(WordLevel({token: row for row, token in enumerate(tokens)}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    module = StaticEmbedding(tokenizer, embedding_dim=DIMENSIONS)
    weights = [0.0, *(math.log(1 + 2 * texts / count) for count in vocabulary.values())]
    with torch.no_grad():
        begun = torch.randn(len(tokens), DIMENSIONS) * torch.tensor(weights)[:, None] / math.sqrt(DIMENSIONS)
    module.embedding = torch.nn.EmbeddingBag.from_pretrained(begun, freeze=False, sparse=True)
    return module


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
