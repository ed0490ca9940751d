"""Scenarios in which somebody else asks the responder, too: run by test_invariants.py."""

from __future__ import annotations

from staplelab.scenario.lab import Lab


def ask(lab: Lab) -> None:
    """OpenSSL asks by POST, and with a nonce."""
    url = f"http://{lab.address('responder')}:{lab.responder.port}/"
    issuer, leaf = lab.certificate("issuing").file, lab.certificate().file
    done = lab.run(
        "openssl", "ocsp", "-url", url, "-issuer", str(issuer), "-cert", str(leaf), "-noverify"
    )
    assert "good" in done.stdout, done.stderr
    lab.settle(connections=1, queries=0)


def test_not_said(lab: Lab) -> None:
    lab.start()
    ask(lab)


def test_said(lab: Lab) -> None:
    lab.start()
    lab.exempt("request-form", "OpenSSL asks, too")
    ask(lab)


def test_misspelt(lab: Lab) -> None:
    lab.exempt("request-from", "")
