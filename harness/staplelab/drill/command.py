"""`staplelab drill CONF`: from the words of the command to its exit status."""

from __future__ import annotations

import argparse
import base64
import time
from pathlib import Path

from staplelab import files, servers
from staplelab.drill import answer, durations, options, page, report, thresholds, tool, twin
from staplelab.drill.answer import Wanted
from staplelab.drill.stage import TwinGround
from staplelab.drill.thresholds import Thresholds
from staplelab.errors import LabError
from staplelab.hosts import namespace

#: a shorter one is no answer of a CA, and a longer one outlives the lab's certificates
_LEAST_VALIDITY = 60
_LARGEST_RESPONSE = 1 << 16


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit status: 0 judged, and every threshold held; 1 one was missed; 2 nothing
    could be judged."""
    begun = time.monotonic()
    limits = _thresholds(arguments)
    validity, whence = validity_of(arguments)
    if arguments.out is not None:
        files.see_to(arguments.out)
    server = servers.probe("local", arguments.server, None, None)
    read = twin.make(
        Path(arguments.conf),
        server=server,
        stands_for=arguments.stands_for,
        root=arguments.root,
        site=arguments.site,
    )
    if not any(one.certificates for one in read.sites):
        raise LabError(f"{arguments.conf}: no server{{}} in it has TLS and a certificate")
    namespace.enter()
    wanted = Wanted(validity, arguments.jobs, limits.survive)
    try:
        answers = answer.judge(read, wanted, lambda: TwinGround(read))
    except KeyboardInterrupt:
        raise LabError("the drill was cut short: there is no answer, and no report") from None
    made = report.Report(
        server=server,
        twin=read,
        validity=validity,
        validity_from=whence,
        answers=answers,
        held=thresholds.hold(limits, answers),
        seconds=time.monotonic() - begun,
    )
    # first: whoever reads the terminal's lines may leave before they end
    written = report.write(made, arguments.out) if arguments.out is not None else []
    print("\n".join(page.lines(made)))
    if not made.judged:
        print("Nothing could be judged.")
    if written:
        print("Report: " + ", ".join(map(str, written)))
    return made.status


def _thresholds(arguments: argparse.Namespace) -> Thresholds:
    survive, learn, bare = arguments.survive, arguments.learn, arguments.bare_after_start
    if bare is not None and not (bare.isdigit() and len(bare) < 6):
        raise LabError(f"--bare-after-start {bare}: give a number of visitors from 0 on")
    return Thresholds(
        survive=None if survive is None else durations.seconds("--survive", survive),
        learn=None if learn is None else durations.seconds("--learn", learn),
        bare_after_start=None if bare is None else int(bare),
        no_lockout=arguments.no_lockout,
    )


def validity_of(arguments: argparse.Namespace) -> tuple[int, str]:
    """How long answers are valid, and where that comes from."""
    if arguments.validity is not None and arguments.response is not None:
        raise LabError("--validity and --response say the same thing: give one of the two")
    if arguments.response is not None:
        return _of_response(arguments.response), f"as {page.printable(str(arguments.response))}"
    given = arguments.validity or options.VALIDITY
    known = arguments.validity is not None
    whence = "as --validity says" if known else "assumed; --validity or --response says better"
    return durations.seconds("--validity", given, _LEAST_VALIDITY), whence


def _of_response(file: Path) -> int:
    """The validity of a captured answer, DER or PEM."""
    try:
        octets = file.read_bytes()[:_LARGEST_RESPONSE]
    except OSError as error:
        raise LabError(f"--response {file}: cannot be read: {error.strerror}") from None
    if octets.lstrip().startswith(b"-----BEGIN"):
        octets = _from_pem(octets)
    tool.x509()
    from cryptography.x509 import ocsp  # there, or the line before has said how it comes

    try:
        read = ocsp.load_der_ocsp_response(octets)
        this, following = read.this_update, read.next_update
    except (ValueError, TypeError):
        raise LabError(
            f"--response {file}: no OCSP response that says anything of a certificate; give one as "
            "`openssl ocsp -respout FILE` and `staple-check --staple-out FILE` write it"
        ) from None
    if following is None:
        raise LabError(f"--response {file}: it has no nextUpdate: say how long with --validity")
    seconds = int((following - this).total_seconds())
    if not _LEAST_VALIDITY <= seconds:
        raise LabError(f"--response {file}: it is valid for {seconds} s: give --validity 7d")
    return min(seconds, durations.MOST)


def _from_pem(octets: bytes) -> bytes:
    body = b"".join(
        line for line in octets.splitlines() if line and not line.startswith(b"-----")
    )
    try:
        return base64.b64decode(body, validate=True)
    except ValueError:
        return b""
