"""The answer in sentences that a tired person reads at night: what was measured, and what would
change it.

Each function looks at one thing and says one finding or none.  A number that advice promises is
what another experiment, or nginx's own rules, give for the changed directive; the tests change it
and measure again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from staplelab.drill import sentences_names
from staplelab.drill.findings import Advice, Answer, Finding, in_order, place_of, refused, span
from staplelab.drill.measured import Outage
from staplelab.drill.outage import DAY
from staplelab.drill.sentences_clients import of_clients
from staplelab.drill.sentences_off import full_chain, trusted, why_not


NO_PREFETCH = "nginx fetches only when a visitor asks, and does not make one wait"
NO_SHARED_CACHE = "nginx keeps a staple in each worker's memory, and nowhere else"
OLD_IS_KEPT = "nginx serves a response until its nextUpdate, whatever the responder says by then"
ASKS_HOURLY = "nginx asks an hour after the last success at the latest, and 301 s after a failure"


def answer(judged: Answer) -> None:
    """Fills in the findings."""
    undone = judged.measured.undone.get("start")
    if undone is not None:  # not even that: nothing is known
        judged.stapling, judged.why = "cannot-judge", undone
    if judged.measured.start is None:
        judged.findings = [*why_not(judged)]
    elif judged.measured.start.bare is None:
        judged.findings = in_order([*why_not(judged), *of_clients(judged)])
    else:
        found = [one for make in _ABOUT for one in make(judged)]
        judged.findings = in_order([*found, *of_clients(judged)])


# ----- an outage of the responder -----


def _survives(judged: Answer) -> Iterator[Finding]:
    tried = [one for one in judged.measured.outages if not one.within and one.moment == "worst"]
    if not tried:
        return
    longest = max(tried, key=lambda one: one.length)
    if longest.lost is None:
        yield Finding(
            "survives",
            "good",
            f"An outage of the responder of {span(longest.length)} loses no staple, even when it "
            "begins at the worst moment.",
            None,
            "s",
        )
        return
    best = judged.measured.outage("best", longest.length)
    at_best = ""
    if best is not None:
        at_best = (
            "; at the best moment, just after one, it lasts through it"
            if best.lost is None
            else f"; at the best moment, just after one, {span(best.lost)}"
        )
    yield Finding(
        "survives",
        "outage" if longest.lost <= DAY else "limit",
        f"The staple outlives the responder by {span(longest.lost)} when the outage begins at the "
        f"worst moment, just before a refresh{at_best}. After that nobody gets one. (Answers are "
        f"taken to be valid for {span(judged.validity)} from the moment they are fetched.)",
        longest.lost,
        "s",
        refused(judged, "from then on"),
        nginx_cannot=f"{ASKS_HOURLY}; the rest is the CA's validity",
    )


def _comes_back(judged: Answer) -> Iterator[Finding]:
    lost = [one for one in judged.measured.outages if one.lost is not None]
    late = [one.back for one in lost if one.back is not None]
    if not lost:
        return
    if len(late) < len(lost):
        yield Finding(
            "comes-back",
            "outage",
            "After an outage that has cost the staple it does not come back by itself within two "
            "hours: a reload is needed.",
            None,
            "s",
            refused(judged, "until then"),
        )
        return
    yield Finding(
        "comes-back",
        "limit",
        f"Once the responder is back, a lost staple is back within {span(max(late))}: nginx asks "
        "again only so often.",
        max(late),
        "s",
        nginx_cannot=ASKS_HOURLY,
    )


def _interrupted(judged: Answer) -> Iterator[Finding]:
    found = [judged.measured.outage("best", DAY, within) for within in ("reload", "restart")]
    lost = [one for one in found if one is not None and one.lost is not None]
    if len(lost) == 2 and lost[0].bare == lost[1].bare:
        yield _lost_at_once(judged, lost[0], "reload or a restart")
    else:
        for one in lost:
            yield _lost_at_once(judged, one, one.within)


def _lost_at_once(judged: Answer, one: Outage, within: str) -> Finding:
    late = "" if one.back is None else f", and {span(one.back)} more"
    assert one.lost is not None
    return Finding(
        f"{one.within}-in-outage",
        "outage",
        f"A {within} during an outage loses the staple at once: 100 % of must-staple visitors are "
        f"refused, and the others go without, until the responder is back{late}. In an outage of "
        f"{span(one.length)} with one after {span(one.lost)}, that is {span(one.bare)} without a "
        "staple.",
        one.bare,
        "s",
        refused(judged, "from the first second"),
        Advice(
            "ssl_stapling_file",
            "ssl_stapling_file /path/to/response.der;",
            0,
            "a response on disk, which a timer of your own fetches, is there after every reload; "
            "nginx itself fetches none then",
            place_of(judged, "ssl_stapling_file"),
        ),
        nginx_cannot=NO_SHARED_CACHE,
    )


def _starts_bare(judged: Answer) -> Iterator[Finding]:
    start = judged.measured.start
    if start is None or not start.bare:
        return
    each = "the first visitor" if start.workers == 1 else "the first visitor of each worker"
    advice = None
    if start.workers > 1:
        advice = Advice(
            "worker_processes",
            "worker_processes 1;",
            1,
            "one worker has one first visitor",
        )
    yield Finding(
        "bare-after-start",
        "risk" if judged.must_staple else "limit",
        f"After every start and every reload {each} gets no staple: {start.bare} in all.",
        start.bare,
        "visitors",
        refused(judged, "to them"),
        advice,
        nginx_cannot=f"{NO_PREFETCH}; {NO_SHARED_CACHE}",
    )


def _gaps(judged: Answer) -> Iterator[Finding]:
    steady = judged.measured.steady
    if steady is None or not steady.bare:
        return
    yield Finding(
        "gaps",
        "outage",
        f"Nothing is wrong, and yet there is no staple for {span(steady.bare)} of every "
        f"{span(steady.watched)}: answers are valid for {span(steady.validity)}, and nginx asks "
        "no sooner than 301 s after the last time.",
        steady.bare,
        "s",
        refused(judged, "then"),
        nginx_cannot="nginx asks no sooner than 301 s after the last time",
    )


# ----- what the responder says -----


def _revoked(judged: Answer) -> Iterator[Finding]:
    one = judged.measured.revocation
    if one is None:
        return
    learnt = "" if one.asked is None else f" nginx is told after {span(one.asked)} at the most;"
    if one.good_until is None:
        return
    yield Finding(
        "revocation",
        "risk",
        f"A revocation is hidden from visitors for {span(one.good_until)}:{learnt} it goes on to "
        "serve the old GOOD until that ends, and then serves nothing. A reload ends that at once.",
        one.good_until,
        "s",
        nginx_cannot=OLD_IS_KEPT,
    )


def _anybody(judged: Answer) -> Iterator[Finding]:
    one = next((j for j in judged.measured.judged if j.name == "signed-by-anybody"), None)
    if one is None or one.verdict.startswith("NO_STAPLE"):
        return
    yield Finding(
        "signed-by-anybody",
        "risk",
        "nginx staples a response that a stranger has signed: visitors who check it refuse the "
        f"site ({one.verdict}).",
        1,
        "responses",
        "",
        Advice(
            "ssl_stapling_verify",
            "ssl_stapling_verify on; (and ssl_trusted_certificate with the chain and its root)",
            0,
            "nginx refuses it",
            place_of(judged, "ssl_stapling_verify"),
        ),
    )


def _delegate(judged: Answer) -> Iterator[Finding]:
    one = next((j for j in judged.measured.judged if j.name == "new-delegate"), None)
    if one is None or one.verdict == "GOOD":
        return
    yield Finding(
        "new-delegate",
        "risk",
        "When the CA has its answers signed by a delegate, as many do, nginx refuses them: "
        "there is no staple any more.",
        0,
        "responses",
        refused(judged, "as soon as the staple has ended"),
        trusted(judged, 1, "nginx verifies the delegate by its authority, and staples"),
    )


def _renewed(judged: Answer) -> Iterator[Finding]:
    one = next((j for j in judged.measured.judged if j.name == "new-intermediate"), None)
    if one is None or one.verdict == "GOOD":
        return
    yield Finding(
        "new-intermediate",
        "outage" if judged.must_staple else "risk",
        "When the certificate is renewed and comes from a new intermediate, there is no staple any "
        f"more ({one.verdict}).",
        0,
        "responses",
        refused(judged, "from that reload on"),
        full_chain(judged, 1),
    )


def _clock(judged: Answer) -> Iterator[Finding]:
    one = next((j for j in judged.measured.judged if j.name == "clock-4-minutes-fast"), None)
    if one is None or one.verdict != "NOT_YET_VALID":
        return
    yield Finding(
        "responder-clock",
        "limit",
        "When the responder's clock is up to 5 min fast, nginx staples what is not valid yet, and "
        "strict visitors refuse it.",
        300,
        "s",
        nginx_cannot="nginx allows a clock 300 s either way",
    )


def _silent_log(judged: Answer) -> Iterator[Finding]:
    one = judged.measured.failure("5xx")
    if one is None or one.said or one.stapled is not None:
        return
    yield Finding(
        "silent-log",
        "limit",
        "Of a responder that answers 503 nginx says nothing in its log: watch the staple, not the "
        "log.",
        0,
        "lines",
        nginx_cannot="nginx logs no HTTP status of a responder",
    )


_ABOUT: tuple[Callable[[Answer], Iterator[Finding]], ...] = (
    _gaps,
    _interrupted,
    sentences_names.no_name,
    _survives,
    _comes_back,
    sentences_names.moved,
    sentences_names.name_servers,
    sentences_names.ipv6,
    _revoked,
    _anybody,
    _delegate,
    _renewed,
    _starts_bare,
    _clock,
    _silent_log,
)
