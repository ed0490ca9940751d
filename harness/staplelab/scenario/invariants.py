"""What holds at the end of every scenario, whatever it is about: the form of what nginx has sent,
and where the staples came from that it has served.

A scenario says which of these does not hold for it, and why: `lab.exempt("staple-origin", why)`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from staplelab.parts.client import Handshake
from staplelab.parts.part import Event
from staplelab.servers.error_log import Line

#: an OCSPRequest as nginx makes it: one CertID of SHA-1, no requestor's name, no extension; to
#: these octets come those of the serial number
_REQUEST_OCTETS = 67
#: the base64 of one in a path: nginx escapes what is no letter and no digit
_ESCAPED = re.compile(r"(?:[A-Za-z0-9]|%2B|%2F|%3D)+")
#: header, name of no labels, type and class of a query; each label has one octet more
_QUERY_OCTETS = 12 + 2 + 4
#: the flags of a query: recursion is desired, and nothing else
_RD = 0x0100

#: what nginx says of a fetch, and how each such line ends
_OF_A_FETCH = re.compile(
    r"OCSP[ _]|d2i_OCSP_|certificate status |.* could not be resolved|no resolver defined|"
    r"(?:connect|send|recv)\(\) (?:to [^ ]+ )?failed (?!.* while resolving, resolver: [^ ,]+$)"
)
_CONTEXT = re.compile(
    r"(.*) while requesting certificate status, responder: [^ ,]+"
    r'(, peer: [^ ,]+)?(, certificate: "[^"]+")?',
    re.DOTALL,
)
_OF_OCSP = re.compile(r"OCSP|certificate status|DNS response|ssl_stapling|responder")
_NUMBER = re.compile(r"\(-?\d+: ")
_HAS_A_NUMBER = re.compile(
    r"[a-z]+\(\) |OCSP response not successful |OCSP responder timed out |DNS error |"
    r".* could not be resolved \("
)
#: nobody has been connected to, then
_OF_A_NAME = re.compile(r".* could not be resolved|no resolver defined")


@dataclass(frozen=True)
class Facts:
    """What a scenario has left."""

    #: the events of each responder
    asked: Sequence[Sequence[Event]]
    #: the events of the name server, where nginx itself asks it
    queried: Sequence[Event]
    handshakes: Sequence[Handshake]
    log: Sequence[Line]
    #: the URLs of responders in the certificates that it could have
    in_certificates: Sequence[str]
    #: the texts of the configurations that nginx has had
    configurations: Sequence[str]
    #: whether the TLS library staples what a responder has sent, octet by octet; one that encodes
    #: it anew drops what trails it
    verbatim: bool

    def hosts(self) -> set[str]:
        """The hosts of the URLs that nginx was given."""
        return {_host(url) for url in self.urls()}

    def urls(self) -> list[SplitResult]:
        """The URLs that nginx was given: by certificates, and by directives."""
        urls = list(self.in_certificates)
        for text in self.configurations:
            urls += re.findall(r"ssl_(?:stapling|ocsp)_responder ([^;]+);", text)
        return [split for url in urls if (split := _split(url)) is not None]


Check = Callable[[Facts], Iterator[str]]


def _split(url: str) -> SplitResult | None:
    """None: it is no URL, so nobody is asked there."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _host(url: SplitResult) -> str:
    """As the URL writes it: an IPv6 address in brackets."""
    return re.sub(r":\d*$", "", url.netloc)


def _base(url: SplitResult) -> str:
    """What stands before the request in the path that is asked for."""
    base = f"{url.path or '/'}{url.query and f'?{url.query}'}{url.fragment and f'#{url.fragment}'}"
    return base if base.endswith("/") else f"{base}/"


def _request_form(facts: Facts) -> Iterator[str]:
    """Each request is a GET of HTTP/1.0 with a Host header and no other, for one certificate."""
    bases = {(_host(url), _base(url)) for url in facts.urls()}
    for events in facts.asked:
        lengths = {}
        for event in events:
            if event["kind"] == "request":
                yield from (f"a request {one}" for one in _wrong_in_request(event, bases))
                lengths[event["connection"]] = _length_of_request(event)
            elif event["kind"] == "close":
                length = lengths.get(event["connection"])
                if length is not None and event["received"] != length:
                    yield f"a request of {event['received']} octets, where {length} are needed"


def _wrong_in_request(event: Event, bases: set[tuple[str, str]]) -> Iterator[str]:
    """`bases`: host and path of each URL."""
    if "problem" in event:
        yield f"that is none: {event['problem']}"
    if "method" not in event:
        return
    asked = (event["method"], event["http_version"], event["headers"])
    if asked != ("GET", "1.0", 1):
        yield f"by {asked[0]} of HTTP/{asked[1]} with {asked[2]} headers"
    if event["host"] not in {host for host, _ in bases}:
        # ports are taken out of what is compared from run to run, so they are named apart
        name, port, _ = str(event["host"]).partition(":")
        yield f"with {'a port in ' if port else ''}Host {name}"
    if len(event["serials"]) != 1 or None in event["certificates"]:
        yield f"for the certificates {event['certificates']}"
    if event["hash_algorithms"] != ["sha1"] or event["nonce"]:
        nonce = "a nonce" if event["nonce"] else "no nonce"
        yield f"with CertIDs of {event['hash_algorithms']} and {nonce}"
    octets = _REQUEST_OCTETS + sum((len(serial) + 1) // 2 for serial in event["serials"])
    if event["octets"] != octets:
        yield f"of {event['octets']} octets of DER, where {octets} are needed"
    base, _, encoded = event["path"].rpartition("/")
    told = f"{base}/" in {path for _, path in bases}
    if not told or not _ESCAPED.fullmatch(encoded) or _decoded(encoded) != octets:
        yield f"with the path {event['path']}"


def _decoded(encoded: str) -> int:
    """How many octets this path's base64 holds."""
    try:
        return len(base64.b64decode(unquote(encoded), validate=True))
    except binascii.Error:
        return -1


def _length_of_request(event: Event) -> int | None:
    if event.get("host") is None:
        return None
    return len(f"GET {event['path']} HTTP/1.0\r\nHost: {event['host']}\r\n\r\n")


def _one_request(facts: Facts) -> Iterator[str]:
    """A connection carries one request, unless a fault has decided at once what becomes of it."""
    for events in facts.asked:
        requests = Counter(e["connection"] for e in events if e["kind"] == "request")
        accepted = [e for e in events if e["kind"] == "accept"]
        planned = {e["connection"] for e in accepted if e.get("planned")}
        for event in events:
            if event["kind"] == "close" and event["received"] > 0:
                count = requests[event["connection"]]
                if count != 1 and event["connection"] not in planned:
                    yield f"a connection with {count} requests"


def _staple_origin(facts: Facts) -> Iterator[str]:
    """Each staple is what a responder has sent for this certificate, octet by octet."""
    sent: dict[str, set[str]] = {}
    longer = 0
    for events in facts.asked:
        asked = {e["connection"]: e.get("serials", ()) for e in events if e["kind"] == "request"}
        for event in events:
            if event["kind"] == "response":
                for serial in asked.get(event["connection"], ()):
                    sent.setdefault(serial, set()).add(event["sha256"])
                longer = max(longer, event["octets"])
    for one in facts.handshakes:
        staple = one.staple
        if staple is None or staple["sha256"] in sent.get(one.serial, ()):
            continue
        # a response that is longer than nginx's buffer is cut, one with a tail may be encoded anew
        if staple["octets"] < longer and (staple["trailing_octets"] or not facts.verbatim):
            continue
        yield f"a staple of {staple['octets']} octets that no responder has sent for {one.serial}"


def _query_form(facts: Facts) -> Iterator[str]:
    """Each query asks for an address of a host that nginx was given, or of its alias; over TCP only
    what was truncated."""
    answers = [text for e in facts.queried for text in e.get("answers", ())]
    aliases = [text.split(" ") for text in answers if " CNAME " in text]
    names = {host.lower() for host in facts.hosts()} | {words[3].rstrip(".") for words in aliases}
    truncated = any(event.get("truncated") for event in facts.queried)
    for event in facts.queried:
        if event["kind"] == "malformed":
            yield f"a query that is none: {event['why']}"
        if event["kind"] != "query":
            continue
        what = f"a query for {event['qname']} {event['qtype']}"
        if event["qtype"] not in ("A", "AAAA") or event["qname"] not in names:
            yield what
        if event["edns"] or event["octets"] != _QUERY_OCTETS + len(event["qname"]):
            yield f"{what} of {event['octets']} octets{' with EDNS' if event['edns'] else ''}"
        if event["flags"] != _RD:
            yield f"{what} with the flags 0x{event['flags']:04x}"
        if event["transport"] == "tcp" and not truncated:
            yield f"{what} over TCP"


def _both_families(facts: Facts) -> Iterator[str]:
    """Each family of addresses is asked for as often as the other, unless the configuration leaves
    one out or a fault is met."""
    if any(event.get("planned") for event in facts.queried):
        return
    if any(re.search(r"ipv[46]=off", text) for text in facts.configurations):
        return
    count = Counter(e["qtype"] for e in facts.queried if e["kind"] == "query")
    if count["A"] != count["AAAA"]:
        yield f"{count['A']} queries for A and {count['AAAA']} for AAAA"


def _log_context(facts: Facts) -> Iterator[str]:
    """What is said of a fetch names the responder, its address and the certificate (which nginx
    does not do where the certificate is a client's)."""
    of_clients = any(re.search(r"ssl_ocsp (?:on|leaf)", text) for text in facts.configurations)
    for line in facts.log:
        if line.level in ("warn", "error", "crit") and _OF_A_FETCH.match(line.text):
            found = _CONTEXT.fullmatch(line.text)
            of_a_name = found and _OF_A_NAME.match(found[1])
            if not found or not (found[2] or of_a_name) or not (found[3] or of_clients):
                yield f"a line that does not say of which fetch it is: {line}"


def _log_error(facts: Facts) -> Iterator[str]:
    """Only what has one tells an error's number: a system call, a response, a look-up."""
    for line in facts.log:
        if _OF_OCSP.search(line.text) and _NUMBER.search(line.text):
            if not _HAS_A_NUMBER.match(line.text):
                yield f"a line with the number of an error where there was none: {line}"


INVARIANTS: Mapping[str, Check] = {
    "request-form": _request_form,
    "one-request": _one_request,
    "staple-origin": _staple_origin,
    "query-form": _query_form,
    "both-families": _both_families,
    "log-context": _log_context,
    "log-error": _log_error,
}


def needless(facts: Facts, exempt: Sequence[str]) -> list[str]:
    """The exemptions that nothing needs, one sentence each."""
    return [
        f"it is exempt from {name}, and need not be"
        for name in exempt
        if not list(INVARIANTS[name](facts))
    ]


def violations(facts: Facts, exempt: Sequence[str] = ()) -> list[str]:
    """What does not hold, one sentence each, the same twice only once."""
    found = [
        f"nginx: {sentence} ({name})"
        for name, check in INVARIANTS.items()
        if name not in exempt
        for sentence in check(facts)
    ]
    return list(dict.fromkeys(found))
