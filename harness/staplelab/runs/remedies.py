"""What was not applicable, said once for each cause, and how it can be had."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from staplelab.hosts.base import NO_IPV6, NO_UNKNOWN_NAME
from staplelab.hosts.namespace import NOT_ENTERED, NOT_GIVEN, WHY_NOT, WHY_NOT_ENTERED
from staplelab.parts.clock import NEEDS_SEPARATE_TIMES

#: a cause, wherever it stands in a reason, and its remedy; "{0}" is what the pattern has caught
_REMEDIES = (
    (
        f"{re.escape(WHY_NOT)}|{re.escape(NO_UNKNOWN_NAME.format(NOT_GIVEN))}",
        "run as root, in a container with --cap-add NET_ADMIN --cap-add SYS_ADMIN",
    ),
    (
        f"{re.escape(WHY_NOT_ENTERED)}|{re.escape(NO_UNKNOWN_NAME.format(NOT_ENTERED))}",
        "`staplelab run PATH` in place of pytest (in a check-out: make run)",
    ),
    (
        re.escape(NO_IPV6),
        "give the loopback interface ::1, in a container with "
        "--sysctl net.ipv6.conf.all.disable_ipv6=0",
    ),
    (re.escape(NEEDS_SEPARATE_TIMES), "--clock lab (make run CLOCK=lab)"),
    (r"(dnsmasq)(?= is not installed)", "apt-get install dnsmasq-base"),
    (r"(\S+)(?= is not installed)", "apt-get install {0}"),
    (r"iptables\b.*: .*", "a kernel that has this match or target of iptables"),
    (r"this nginx is built --without-(\S+)", "an nginx that is built with {0}"),
    (r"this nginx has no stream\b", "apt-get install libnginx-mod-stream"),
    (r"this nginx has no (\S+)", "an nginx that is built with {0}"),
)


def lines(reasons: Iterable[str]) -> Iterator[str]:
    """For each cause how many scenarios it concerns, and what to do; nothing when there is none."""
    counted = Counter(map(_cause, reasons))
    if not counted:
        return
    yield f"Not applicable here: {counted.total()}"
    for (cause, remedy), count in sorted(counted.items()):
        yield f"  {count:3} x {cause}"
        if remedy:
            yield f"        to have them: {remedy}"


def _cause(reason: str) -> tuple[str, str]:
    """What stands for a reason, and its remedy, "" where none is known."""
    for pattern, remedy in _REMEDIES:
        if found := re.search(pattern, reason):
            whole = reason if "is not installed" in pattern else found[0]
            return whole, remedy.format(*found.groups())
    return reason, ""
