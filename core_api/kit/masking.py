"""What is shown of personal data until somebody asks for more."""

PHONE_SHOWN_HEAD = 3
PHONE_SHOWN_TAIL = 4
IDENTITY_SHOWN_HEAD = 6
IDENTITY_SHOWN_TAIL = 4


def mask_name(name: str) -> str:
    """张小明 -> 张**; a name of one character is hidden whole."""
    return "*" if len(name) <= 1 else name[0] + "*" * (len(name) - 1)


def mask_phone(phone: str) -> str:
    """+8613800138000 or 13800138000 -> 138****8000; anything short is hidden whole."""
    digits = phone.removeprefix("+86")
    if len(digits) <= PHONE_SHOWN_HEAD + PHONE_SHOWN_TAIL:
        return "*" * len(digits)
    return digits[:PHONE_SHOWN_HEAD] + "****" + digits[-PHONE_SHOWN_TAIL:]


def mask_identity(number: str) -> str:
    """110101199001017758 -> 110101********7758."""
    if len(number) <= IDENTITY_SHOWN_HEAD + IDENTITY_SHOWN_TAIL:
        return "*" * len(number)
    hidden = len(number) - IDENTITY_SHOWN_HEAD - IDENTITY_SHOWN_TAIL
    return number[:IDENTITY_SHOWN_HEAD] + "*" * hidden + number[-IDENTITY_SHOWN_TAIL:]
