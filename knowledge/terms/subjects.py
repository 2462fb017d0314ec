"""Subjects that other houses answer, as they ship: lexical, so that a site can take some off and add its own. Pure."""

from collections.abc import Collection
from functools import cache
from importlib.resources import files


@cache
def shipped() -> tuple[str, ...]:
    """The subjects that ship, in their order."""
    return tuple(files("knowledge.terms").joinpath("foreign.txt").read_text("utf-8").split())


def of_site(added: Collection[str], taken_off: Collection[str]) -> tuple[str, ...]:
    """What is foreign at a site: what ships without what the site knows itself, and its own."""
    known = {word.lower() for word in taken_off}
    return tuple(dict.fromkeys((*(word for word in shipped() if word.lower() not in known), *added)))
