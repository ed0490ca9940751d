"""Faults of the network between the server under test and a part (layer `host`).

They are rules of a firewall in the server's own network namespace, so no part needs a capability
and none of them can tell.  Only names and command lines here; who runs them is the host's business.

Ids that the catalogue of faults has no better word for are H01 and up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from staplelab.errors import check_word

#: one rule: a chain of the filter or mangle table, and what follows it
Rule = list[str]

_MODES = {
    "drop": ["DROP"],
    "reject": ["REJECT", "--reject-with", "icmp-port-unreachable"],
    "reset": ["REJECT", "--reject-with", "tcp-reset"],
}


@dataclass(frozen=True)
class Target:
    """The part that the fault lies towards."""

    address: str
    #: "tcp" or "udp"
    protocol: str
    port: int

    @property
    def outgoing(self) -> Rule:
        return ["-d", self.address, "-p", self.protocol, "--dport", str(self.port)]

    @property
    def incoming(self) -> Rule:
        return ["-s", self.address, "-p", self.protocol, "--sport", str(self.port)]


@dataclass(frozen=True)
class NetworkFault:
    """One fault: its name and id in the catalogue, its parameters with their defaults."""

    name: str
    id: str
    summary: str
    #: what a kernel must be able to do
    needs: str
    defaults: dict[str, str | int]
    #: (chain, rule) pairs for a target and the parameters
    rules: Callable[[Target, dict[str, str | int]], list[tuple[str, Rule]]]


def _towards(target: Target) -> tuple[str, Rule]:
    """Where packets are lost.  A datagram that is dropped on its way out is an error of send(),
    which no firewall further away would be: of UDP the responses are lost."""
    return ("INPUT", target.incoming) if target.protocol == "udp" else ("OUTPUT", target.outgoing)


def _blocked(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    mode = str(params["mode"])
    chain, packets = _towards(target) if mode == "drop" else ("OUTPUT", target.outgoing)
    return [(chain, [*packets, "-j", *_MODES[mode]])]


def _lost(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    nth = ["-m", "statistic", "--mode", "nth", "--every", str(params["every"]), "--packet", "0"]
    chain, packets = _towards(target)
    return [(chain, [*packets, *nth, "-j", "DROP"])]


def _twice(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    return [("OUTPUT", [*target.outgoing, "-j", "TEE", "--gateway", target.address])]


def _limited(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    above = ["-m", "hashlimit", "--hashlimit-above", str(params["rate"])]
    above += ["--hashlimit-burst", str(params["burst"]), "--hashlimit-name", "staplelab"]
    return [("OUTPUT", [*target.outgoing, *above, "-j", "DROP"])]


def _small(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    clamp = ["--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--set-mss", str(params["mss"])]
    return [("OUTPUT", [*target.outgoing, *clamp])]


def _blackhole(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    longer = ["-m", "length", "--length", f"{int(params['mtu']) + 1}:65535"]
    return [("INPUT", [*target.incoming, *longer, "-j", "DROP"])]


def _partition(target: Target, params: dict[str, str | int]) -> list[tuple[str, Rule]]:
    drop = ["-j", "DROP"]
    return [("OUTPUT", [*target.outgoing, *drop]), ("INPUT", [*target.incoming, *drop])]


FAULTS = {
    fault.name: fault
    for fault in (
        NetworkFault(
            "egress-blocked",
            "D80",
            "a firewall between server and part: silent, with ICMP, or with a reset",
            "iptables",
            {"mode": "drop"},
            _blocked,
        ),
        NetworkFault(
            "packet-loss",
            "B27",
            "every n-th packet towards the part is lost, the first one included",
            "iptables with the match statistic",
            {"every": 2},
            _lost,
        ),
        NetworkFault(
            "packet-duplicate",
            "B28",
            "every packet towards the part comes twice",
            "iptables with the target TEE",
            {},
            _twice,
        ),
        NetworkFault(
            "rate-limit-packets",
            "H01",
            "packets above a rate are lost",
            "iptables with the match hashlimit",
            {"rate": "1/hour", "burst": 1},
            _limited,
        ),
        NetworkFault(
            "small-mtu",
            "H02",
            "segments of a few octets (a clamped MSS)",
            "iptables with the target TCPMSS",
            {"mss": 88},
            _small,
        ),
        NetworkFault(
            "mtu-blackhole",
            "B29",
            "packets from the part that are longer than the MTU vanish without a word",
            "iptables with the match length",
            {"mtu": 300},
            _blackhole,
        ),
        NetworkFault(
            "partition",
            "H03",
            "server and part do not hear each other any more",
            "iptables",
            {},
            _partition,
        ),
    )
}


def tag(fault: NetworkFault, target: Target) -> str:
    """The comment on a fault's rules, by which its packets are counted: other runs may have the
    same fault in the same namespace, but not towards the same address."""
    return f"{fault.name}:{target.address}"


def commands(fault: NetworkFault, target: Target, params: dict[str, str | int]) -> list[Rule]:
    """The command lines that put the fault in force; `undo` makes those that take it back."""
    for name in params:
        check_word(f"parameter of {fault.name}", name, fault.defaults)
    merged = {**fault.defaults, **params}
    if "mode" in merged:
        check_word(f"mode of {fault.name}", merged["mode"], _MODES)
    lines = []
    for chain, rule in fault.rules(target, merged):
        table = ["-t", "mangle"] if {"TCPMSS", "TEE"} & set(rule) else []
        comment = ["-m", "comment", "--comment", tag(fault, target)]
        split = rule.index("-j")
        lines.append(["iptables", *table, "-A", chain, *rule[:split], *comment, *rule[split:]])
    return lines


def undo(command: Rule) -> Rule:
    """The command line that takes back what `command` did."""
    return ["-D" if word == "-A" else word for word in command]


#: the command lines whose output counts the packets of every fault
COUNT = [["iptables", "-nvxL"], ["iptables", "-t", "mangle", "-nvxL"]]


def packets(listing: str, tag: str) -> int:
    """How many packets the rules with that tag have met, from what COUNT printed."""
    marked = (line.split() for line in listing.splitlines() if f"/* {tag} */" in line)
    return sum(int(words[0]) for words in marked)
