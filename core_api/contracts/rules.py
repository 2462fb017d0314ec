"""Pure decisions about contracts."""

FEN_PER_YUAN = 100


def yuan(fen: int) -> str:
    """Money in yuan as people write it: 120000 fen is 1200, 120050 is 1200.5."""
    whole, rest = divmod(fen, FEN_PER_YUAN)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
