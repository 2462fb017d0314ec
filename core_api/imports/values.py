"""How a faulty value is shown: personal ones masked."""

from core_api.imports.parsing import text
from core_api.kit.masking import mask_identity, mask_name, mask_phone

SHOWN_MAX = 60
PHONE_LENGTH = 11
HEAD, TAIL = 3, 2


def shown(field: str, value: object) -> str:
    """A cell for the report; names, phones, identity numbers masked, notes hidden."""
    written = text(value)
    if not written:
        return ""
    if field in {"name", "spouse_name"}:
        return mask_name(written)[:SHOWN_MAX]
    if field in {"phone", "spouse_phone"}:
        digits = written.removeprefix("+86")
        return mask_phone(digits) if len(digits) >= PHONE_LENGTH else f"{digits[:HEAD]}****{digits[-TAIL:]}"
    if field == "identity_number":
        return mask_identity(written)[:SHOWN_MAX]
    if field == "notes":
        return "（已隐去）"
    return written[:SHOWN_MAX]
