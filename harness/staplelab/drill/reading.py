"""The configuration as nginx reads it: every include in its place.

A configuration need not lie where it says: its folder stands for a directory (`stands_for`), and a
folder `fs` beside it, or another `root`, holds the files that belong elsewhere.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from staplelab.drill.model import Place, Unread
from staplelab.drill.statements import Statement, parse
from staplelab.errors import LabError

_DEEPEST = 32
#: so many files are enough for anybody; an include of itself ends there
_MOST = 5000
_USUAL = "/etc/nginx"
_WILD = re.compile(r"[*?[]")


@dataclass(frozen=True)
class Tree:
    """Where the files of a configuration are."""

    #: the folder of the top file
    folder: Path
    #: the directory that it stands for; None: it is where it says
    stands_for: str | None = None
    #: holds the files that belong elsewhere, from / on
    root: Path | None = None

    def where(self, path: str) -> Path:
        """The file of that name in the configuration, on this machine."""
        if not path.startswith("/"):
            return self.folder / path
        clean = os.path.normpath(path)
        if self.stands_for is None and self.root is None:
            return Path(clean)
        if self.stands_for is not None and _is_below(clean, self.stands_for):
            inside = self.folder / os.path.relpath(clean, self.stands_for)
            if self.root is None or glob.glob(str(inside)):
                return inside
        if self.root is not None:
            return self.root / clean.lstrip("/")
        # files of another machine are not looked for on this one
        return self.folder / "fs" / clean.lstrip("/")

    def shown(self, file: Path) -> str:
        """A file as the user knows it."""
        for folder, before in ((self.folder, ""), (self.root, "/")):
            if folder is not None and file.is_relative_to(folder):
                return before + str(file.relative_to(folder))
        return str(file)


@dataclass
class Reading:
    """All that was read."""

    conf: Path
    tree: Tree
    statements: tuple[Statement, ...] = ()
    unread: list[Unread] = field(default_factory=list)
    #: the files whose names stand where a private key or another secret does: they are never opened
    keys: frozenset[Path] = frozenset()

    def where(self, path: str) -> Path:
        return self.tree.where(path)

    def is_key(self, file: Path) -> bool:
        return _real(file) in self.keys


def read(conf: Path, stands_for: str | None = None, root: Path | None = None) -> Reading:
    """Reads a configuration with all that it includes; LabError when the top file is not to be
    read.  `stands_for`: the directory that its folder stands for (without it, it is guessed where
    an absolute include is in the folder alone); `root`: the folder of what belongs elsewhere."""
    conf = Path(os.path.abspath(conf))
    if conf.is_dir():
        conf = conf / "nginx.conf"
    if not conf.exists():
        raise LabError(f"{conf}: there is no such file; give the path of an nginx.conf")
    if root is not None and not root.is_dir():
        raise LabError(f"{root}: there is no such folder; give one with files from / on")
    if stands_for is not None and not stands_for.startswith("/"):
        raise LabError(f"{stands_for}: give a directory from / on, such as {_USUAL}")
    beside = conf.parent / "fs"
    root = Path(os.path.abspath(root)) if root else beside if beside.is_dir() else None
    try:
        top = parse(conf, conf.name)
    except OSError as error:
        raise LabError(f"{conf}: {error.strerror}") from None
    given = os.path.normpath(stands_for) if stands_for else None
    reading = Reading(conf, Tree(conf.parent, given, root))
    if top.wrong is not None:
        _leave_out(reading, Place(conf.name, top.wrong[0]), conf, top.wrong[1])
    reading.statements = tuple(_Includer(reading).spliced(top.statements, 0))
    reading.keys = frozenset(_real(reading.where(path)) for path in _secrets(reading.statements))
    return reading


class _Includer:
    """Puts what is included in the place of each include."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._files = 0
        #: whether the configuration may lie elsewhere than it says
        self._may_guess = reading.tree.stands_for is None

    def spliced(self, statements: Iterable[Statement], depth: int) -> Iterable[Statement]:
        for one in statements:
            if one.name == "include" and len(one.words) == 1:
                yield from self._included(one, depth)
            elif one.block is not None:
                block = tuple(self.spliced(one.block, depth))
                yield Statement(one.name, one.words, one.place, block)
            else:
                yield one

    def _included(self, one: Statement, depth: int) -> Iterable[Statement]:
        reading, named = self._reading, one.words[0]
        if named.startswith("/") and self._may_guess:
            self._guess(named)
        pattern = reading.where(named)
        if _WILD.search(named):
            files = [Path(path) for path in sorted(glob.glob(str(pattern)))]
        else:
            files = [pattern]
        for file in files:
            self._files += 1
            if depth >= _DEEPEST or self._files > _MOST:
                _leave_out(reading, one.place, file, "files include each other without an end")
                return
            try:
                parsed = parse(file, reading.tree.shown(file))
            except OSError as error:
                _leave_out(reading, one.place, file, error.strerror or str(error))
                continue
            if parsed.wrong is not None:
                line, why = parsed.wrong
                _leave_out(reading, Place(reading.tree.shown(file), line), file, why)
            yield from self.spliced(parsed.statements, depth + 1)

    def _guess(self, named: str) -> None:
        """Takes the folder for the one that an absolute include says, where that is not there but
        below the folder."""
        tree = self._reading.tree
        if glob.glob(str(tree.where(named))):
            self._may_guess = tree.root is not None  # it is where it says
            return
        parts = Path(named).parts
        for n in range(2, len(parts)):
            if n == len(parts) - 1 and _WILD.search(parts[n]):
                return  # any folder has such files
            if glob.glob(str(tree.folder.joinpath(*parts[n:]))):
                self._reading.tree = Tree(tree.folder, str(Path(*parts[:n])), tree.root)
                self._may_guess = False
                return


def _leave_out(reading: Reading, place: Place, file: Path, why: str) -> None:
    reading.unread.append(Unread(reading.tree.shown(file), place, why))


#: directives whose file is a secret, and which of their words names it
_SECRETS = {
    "ssl_certificate_key": 0,
    "ssl_password_file": 0,
    "ssl_session_ticket_key": 0,
    "proxy_ssl_certificate_key": 0,
    "proxy_ssl_password_file": 0,
    "grpc_ssl_certificate_key": 0,
    "grpc_ssl_password_file": 0,
    "uwsgi_ssl_certificate_key": 0,
    "uwsgi_ssl_password_file": 0,
    "ssl_ech_file": 0,
    "quic_host_key": 0,
    "auth_basic_user_file": 0,
    "zone_sync_ssl_certificate_key": 0,
}


def _secrets(statements: Iterable[Statement]) -> Iterable[str]:
    for one in statements:
        number = _SECRETS.get(one.name)
        if number is not None and len(one.words) > number:
            yield one.words[number]
        yield from _secrets(one.block or ())


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _real(file: Path) -> Path:
    return Path(os.path.realpath(file))
