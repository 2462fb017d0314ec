"""Cells of tables that spreadsheets open: what would run as a formula is written as text."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
GUARD = "'"


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; `plain` reads it back."""
    return GUARD + cell if cell.startswith(FORMULA_STARTS) or cell.startswith(GUARD) else cell


def plain(cell: str) -> str:
    """What `harmless` was given."""
    guarded = cell.startswith(GUARD) and (cell[1:].startswith(FORMULA_STARTS) or cell[1:].startswith(GUARD))
    return cell[1:] if guarded else cell
