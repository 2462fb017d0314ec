"""Which model the knowledge base finds with."""

from huifang.settings import Settings
from knowledge import api as knowledge
from tools import environments


def encoder_of(settings: Settings) -> knowledge.MakeEncoder:
    """The site's own sentence-transformers folder if one is set, else the static embedding."""
    if settings.knowledge_model is None:
        return knowledge.static_encoder
    return knowledge.served_encoder(settings.knowledge_model, environments.ENCODER.interpreter)
