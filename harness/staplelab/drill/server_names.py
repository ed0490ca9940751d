"""Which server{} of a socket a server name leads to, and a name that leads to a given one."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from socket import gethostname

from staplelab.drill.merged import Server, default_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from sre_parse import parse as _parse_regex

#: a label that hardly anybody has
_LABEL = "staplelab"
#: reaches whoever is the default
NOBODY = "nobody.staplelab.invalid"
_HOST = re.compile(r"(?=.*[a-z0-9])(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def at(found: Sequence[Server], socket: str) -> list[Server]:
    """The servers at a socket, in their order."""
    return [one for one in found if any(listen.socket == socket for listen in one.tls)]


def chosen(found: Sequence[Server], socket: str, asked: str) -> Server | None:
    """The server{} that nginx chooses: an exact name, else the longest wildcard before, else the
    longest behind, else the first regular expression that fits, else the default."""
    there, asked = at(found, socket), asked.lower().rstrip(".")
    best: tuple[int, int] | None = None
    hit: Server | None = None
    for server in there:
        for name in server.names:
            rank = _rank(name.lower() if not name.startswith("~") else name, asked)
            if rank is not None and (best is None or rank > best):
                best, hit = rank, server
    return hit or default_of(there, socket)


def _rank(name: str, asked: str) -> tuple[int, int] | None:
    """How well a name fits, more is better; None: not at all."""
    if not asked:
        return (4, 0) if name == "" else None
    if name.startswith("~"):
        return (1, 0) if _fits(name[1:], asked) else None
    if name.startswith("."):
        if asked == name[1:]:
            return (4, 0)
        return (3, len(name)) if asked.endswith(name) else None
    if name.startswith("*."):
        return (3, len(name)) if asked.endswith(name[1:]) and asked != name[1:] else None
    if name.endswith(".*"):
        fits = asked.startswith(name[:-1]) and len(asked) >= len(name)
        return (2, len(name)) if fits else None
    return (4, 0) if name == asked else None


def _fits(pattern: str, asked: str) -> bool:
    with contextlib.suppress(re.error):
        return re.search(_for_python(pattern), asked, re.IGNORECASE) is not None
    return False


def _for_python(pattern: str) -> str:
    return re.sub(r"\(\?(?:P)?(<|')(\w+)(>|')", r"(?P<\2>", pattern)


def leading_to(found: Sequence[Server], server: Server, socket: str) -> str | None:
    """A server name that leads to this server{} at that socket, as it stands in `server_name` where
    one can be asked for, "" for a client that asks for none; None where no name does."""
    for name in server.names:
        if not name and chosen(found, socket, "") is server:
            return ""
        for asked in _samples(name):
            if _HOST.fullmatch(asked) and chosen(found, socket, asked) is server:
                return asked
    # a default server gets whoever asks for nobody's name, or for none
    for asked in (NOBODY, ""):
        if chosen(found, socket, asked) is server:
            return asked
    return None


def _samples(name: str) -> Iterator[str]:
    """Names that a name of server_name may stand for."""
    if name.startswith("~"):
        with contextlib.suppress(re.error, OverflowError):
            tree = _parse_regex(_for_python(name[1:]))
            for more in (0, 1, 3, 8):
                yield _matching(tree, more).lower()
        return
    plain = name.lower().rstrip(".")
    if plain.startswith("*."):
        yield from (f"www{plain[1:]}", f"{_LABEL}{plain[1:]}")
    elif plain.startswith("."):
        yield from (plain[1:], f"{_LABEL}{plain}")
    elif plain.endswith(".*"):
        yield from (f"{plain[:-1]}example", f"{plain[:-1]}{_LABEL}")
    elif plain == "$hostname":
        yield gethostname().lower()
    else:
        yield plain


def _matching(tree: object, more: int) -> str:
    """A text that a regular expression fits, in which what may be repeated is so `more` times more
    than it must."""
    text = ""
    for operation, value in tree:  # type: ignore[attr-defined]
        kind = str(operation)
        if kind == "LITERAL":
            text += chr(value)
        elif kind == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif kind == "ANY":
            text += "a"
        elif kind == "IN":
            text += _one_of(value)
        elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            text += _matching(inner, more) * min(least + more, int(most))
        elif kind == "SUBPATTERN":
            text += _matching(value[-1], more)
        elif kind == "ATOMIC_GROUP":
            text += _matching(value, more)
        elif kind == "BRANCH":
            text += _matching(value[1][0], more)
    return text


def _one_of(choices: object) -> str:
    parts = [(str(operation), value) for operation, value in choices]  # type: ignore[attr-defined]
    if parts and parts[0][0] == "NEGATE":
        taken = {chr(value) for kind, value in parts if kind == "LITERAL"}
        return next(letter for letter in "ab0c1-" if letter not in taken)
    kind, value = parts[0]
    if kind == "LITERAL":
        return chr(value)
    if kind == "RANGE":
        return chr(value[0])
    return "1" if "DIGIT" in str(value) else "a"
