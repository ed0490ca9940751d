"""The twin's configuration: the original's statements with the lab's addresses and files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from staplelab.drill import rewrite_words as words
from staplelab.drill.changes import Changes
from staplelab.drill.ground import Ground
from staplelab.drill.merged import Server
from staplelab.drill.model import Place
from staplelab.drill.rewrite_listen import listens
from staplelab.drill.rewrite_tls import Tls
from staplelab.drill.source import Source
from staplelab.drill.statements import Statement

#: of what the lab has put there itself
LAB = Place("the lab", 0)


@dataclass
class Rewritten:
    """The statements of the twin, by the block that they stand in."""

    main: list[Statement] = field(default_factory=list)
    events: list[Statement] = field(default_factory=list)
    http: list[Statement] = field(default_factory=list)
    stream: list[Statement] = field(default_factory=list)

    def without(self, unwanted: Callable[[Statement], bool]) -> None:
        """Drops statements, wherever they stand."""
        for block in (self.main, self.events, self.http, self.stream):
            block[:] = _without(block, unwanted)


def _without(block: Iterable[Statement], unwanted: Callable[[Statement], bool]) -> list[Statement]:
    return [
        one
        if one.block is None
        else replace(one, block=tuple(_without(one.block, unwanted)))
        for one in block
        if not unwanted(one)
    ]


def rewrite(source: Source, ground: Ground) -> Rewritten:
    """The twin of a configuration; all that is otherwise is entered into `source.changes`."""
    made = Rewritten()
    tls = Tls(source, ground)
    for one in source.reading.statements:
        if one.name == "events":
            made.events += _events(one, source.changes)
        elif one.name == "http" and one.block is not None:
            made.http += _context(one, "http", source, ground, tls)
        elif one.name == "stream" and one.block is not None and source.has_streams:
            made.stream += _context(one, "stream", source, ground, tls)
        elif one.name in words.KEPT_IN_MAIN:
            made.main.append(one)
        elif one.name == "worker_processes":
            _workers(one, source)
        else:
            leave_out(source.changes, one)
    made.http[:0] = tls.maps["http"]
    made.stream[:0] = tls.maps["stream"]
    return made


def leave_out(changes: Changes, one: Statement) -> None:
    """Enters that the twin does not have a statement."""
    changes.of(words.kind_of(one.name), one, "", words.hides(one.name))


def _workers(one: Statement, source: Source) -> None:
    if one.words != (str(source.workers),):
        hides = "how many workers there are: each of them fetches for itself"
        source.changes.of("process", one, f"worker_processes {source.workers}", hides)


def _events(events: Statement, changes: Changes) -> Iterator[Statement]:
    for one in events.inside():
        if one.name in words.KEPT_IN_EVENTS:
            yield one
        elif one.name == "worker_connections":
            number = one.words[0] if one.words else ""
            if number.isdigit() and int(number) > words.MOST_CONNECTIONS:
                fewer = replace(one, words=(str(words.MOST_CONNECTIONS),))
                hides = "what many thousand connections at a time do"
                changes.of("process", one, fewer.brief(), hides)
                one = fewer
            yield one
        else:
            leave_out(changes, one)


def _context(
    block: Statement, context: str, source: Source, ground: Ground, tls: Tls
) -> Iterator[Statement]:
    """What stands in http{} or stream{}."""
    servers = {id(server.statement): server for server in source.servers[context]}
    for one in block.inside():
        if one.name == "server" and id(one) in servers:
            yield from _server(servers[id(one)], source, ground, tls)
        else:
            yield from _kept(one, context, source, ground, tls, Counter())


class Counter(dict[str, int]):
    """How many statements of a name have come in a block."""

    def next(self, name: str) -> int:
        self[name] = self.get(name, -1) + 1
        return self[name]


def _server(server: Server, source: Source, ground: Ground, tls: Tls) -> Iterator[Statement]:
    if server.context == "stream" and not server.tls:
        hides = "what stands in front of a server{} of http{}"
        source.changes.of("requests", server.statement, "", hides)
        return
    body: list[Statement] = list(listens(server, source, ground))
    if not body:
        why = "what this server{} does, to which QUIC alone leads"
        source.changes.of("listen", server.statement, "", why)
        return
    counter = Counter()
    for one in server.statement.inside():
        if one.name != "listen":
            body += _kept(one, server.context, source, ground, tls, counter)
    if server.context == "stream":
        body.append(Statement("return", ("",), LAB))
    else:
        body.append(Statement("try_files", ("/nothing", "=204"), LAB))
    yield replace(server.statement, block=tuple(body))


def _kept(
    one: Statement,
    context: str,
    source: Source,
    ground: Ground,
    tls: Tls,
    counter: Counter,
) -> Iterator[Statement]:
    """What the twin has of a statement that is no server{}."""
    if one.name == "resolver":
        yield _resolver(one, source, ground)
    elif one.name == "http2":
        yield from _http2(one, source)
    elif one.name == "ssl":
        if source.sut.within("<1.25.1"):
            yield one
        else:
            instead = "`ssl` in each `listen`" if one.words == ("on",) else ""
            source.changes.of("version", one, instead, "that it ended with nginx 1.25.1")
    elif one.name.startswith("ssl_"):
        yield from tls.kept(one, context, counter)
    elif one.name in words.KEPT:
        yield one
    else:
        leave_out(source.changes, one)


def _resolver(one: Statement, source: Source, ground: Ground) -> Statement:
    """The stub's listeners in the place of the addresses."""
    kept: list[str] = []
    for word in one.words:
        if word.startswith("status_zone="):
            continue
        kept.append(ground.name_servers.get(word, word))
    made = replace(one, words=tuple(kept))
    source.changes.of(
        "resolver",
        one,
        "the lab's name server, a listener for each address",
        "who answers there today, and how fast",
    )
    return made


def _http2(one: Statement, source: Source) -> Iterator[Statement]:
    if source.sut.within(">=1.25.1") and source.has_http2:
        yield one
        return
    if one.words == ("on",):
        why = "needs nginx 1.25.1" if source.has_http2 else "needs the module of HTTP/2"
        source.changes.of("version", one, "", f"HTTP/2 ({why}); stapling is the same without it")


def flat(statements: Sequence[Statement]) -> Iterator[Statement]:
    for one in statements:
        yield one
        yield from flat(one.block or ())
