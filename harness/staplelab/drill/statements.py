"""nginx's configuration as statements: read from one file, and written again."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.drill import tool
from staplelab.drill.model import Place

_NEEDS_QUOTES = re.compile(r"""[\s;{}"'\\]|^#|^$""")
_BARE_QUOTE = re.compile(r'((?:^|[^\\])(?:\\\\)*)"')


@dataclass(frozen=True)
class Statement:
    """A directive with its words, and what its block holds."""

    name: str
    words: tuple[str, ...]
    place: Place
    #: None: it has no block
    block: tuple[Statement, ...] | None = None

    def inside(self, *names: str) -> Iterator[Statement]:
        """The statements of those names in its block; all of them when none is given."""
        for one in self.block or ():
            if not names or one.name in names:
                yield one

    def brief(self, most: int = 100) -> str:
        """The statement in one line, cut where it is long."""
        text = " ".join([self.name, *map(quoted, self.words)])
        if self.block is not None:
            text += " { ... }"
        return text if len(text) <= most else f"{text[: most - 4]} ..."


@dataclass
class Parsed:
    """What is in one file."""

    statements: list[Statement] = field(default_factory=list)
    #: where it does not go on, and why; nothing: it was read to its end
    wrong: tuple[int, str] | None = None


class _Wrong(Exception):
    """What nginx would not read, and in which line."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


Token = tuple[str, int, bool]


def parse(file: Path, shown: str) -> Parsed:
    """The statements of one file, whose includes are not followed; `shown` is its name in places.
    OSError when it cannot be opened.  What stands before a mistake is read."""
    refuse_special(file)
    parsed = Parsed()
    tokens: Iterator[Token] = tool.lexer().lex(str(file))
    try:
        _fill(parsed.statements, tokens, shown, None)
    except _Wrong as wrong:
        parsed.wrong = (wrong.line, str(wrong))
    except OSError:
        raise
    except Exception as error:  # crossplane's own, which has no common class with others
        line = getattr(error, "lineno", None) or _last_line(file)
        parsed.wrong = (line, getattr(error, "strerror", None) or str(error))
    return parsed


def refuse_special(file: Path) -> None:
    """OSError for what would be read for ever, or waited for: a device, a FIFO, a socket."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        raise OSError(errno.EINVAL, "it is no file")


def _last_line(file: Path) -> int:
    return file.read_bytes().count(b"\n") + 1


def _fill(
    into: list[Statement], tokens: Iterator[Token], shown: str, opened: int | None
) -> None:
    """Reads statements up to the end of their block, which began in the line `opened`."""
    words: list[str] = []
    line = opened or 1
    for token, at, was_quoted in tokens:
        if not was_quoted and token.startswith("#"):
            continue
        if was_quoted or token not in (";", "{", "}"):
            if not words:
                line = at
            words.append(token)
        elif token == "}":
            if words:
                raise _Wrong(at, f'"{words[0]}" has no ";" before "}}"')
            return
        elif not words:
            raise _Wrong(at, f'unexpected "{token}"')
        elif token == ";":
            into.append(Statement(words[0], tuple(words[1:]), Place(shown, line)))
            words = []
        else:
            block: list[Statement] = []
            name, rest, begun = words[0], tuple(words[1:]), line
            words = []
            try:
                _fill(block, tokens, shown, begun)
            finally:  # what was read of it counts
                into.append(Statement(name, rest, Place(shown, begun), tuple(block)))
    if words:
        raise _Wrong(line, f'"{words[0]}" has no ";" before the end of the file')
    if opened is not None:
        raise _Wrong(opened, 'the block that begins here has no "}"')


# ----- writing -----


def quoted(word: str) -> str:
    """A word as nginx reads it back.  crossplane leaves backslashes as they stood."""
    if not _NEEDS_QUOTES.search(word):
        return word
    while (marked := _BARE_QUOTE.sub(r'\1\\"', word)) != word:
        word = marked
    if (len(word) - len(word.rstrip("\\"))) % 2:
        word += "\\"
    return f'"{word}"'


def written(statements: Iterable[Statement], depth: int = 0) -> Iterator[tuple[str, Statement]]:
    """The lines of a configuration file, each with the statement that it belongs to."""
    indent = "    " * depth
    for one in statements:
        line = indent + " ".join([one.name, *map(quoted, one.words)])
        line = line.replace("\r", " ").replace("\n", " ")
        if one.block is None:
            yield f"{line};", one
        else:
            yield f"{line} {{", one
            yield from written(one.block, depth + 1)
            yield f"{indent}}}", one
