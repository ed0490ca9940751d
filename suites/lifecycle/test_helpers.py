"""Processes of nginx beside its workers."""

from __future__ import annotations

from staplelab.scenario.lab import Lab


def test_cache_manager_and_loader(lab: Lab) -> None:
    """With a cache on disk the master has two children more, which accept no connection."""
    lab.needs(workers=True)
    lab.needs_module("http_proxy_module", "http-cache")
    lab.start(workers=2, http="proxy_cache_path cache keys_zone=pages:1m;")
    for pid in lab.nginx.wait_for_workers(2):
        with lab.nginx.only(pid):
            assert lab.handshake().verdict == "NO_STAPLE"
            lab.settle(connections=1)
            assert lab.handshake().verdict == "GOOD"
    lab.step(61)  # the loader begins, finds nothing and ends
    lab.settle()
    assert len(lab.nginx.workers()) == 2
    lab.reload()
    assert lab.handshake().verdict == "NO_STAPLE"
    lab.settle(connections=1)
