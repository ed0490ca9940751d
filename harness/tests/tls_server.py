"""A TLS server in a thread, which does with each connection what a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

Serve = Callable[[ssl.SSLSocket], None]


@contextlib.contextmanager
def serving(identity: Any, *serves: Serve, ask: str | None = None) -> Iterator[str]:
    """HOST:PORT of a server with this certificate; one function for each connection, in turn.
    `ask`: it wants a certificate that this file of PEM ones vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.pem, identity.key_file)
    if ask is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ask)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN

    def run(listener: socket.socket) -> None:
        for serve in serves:
            raw, _ = listener.accept()
            with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as peer:
                serve(peer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run, args=(listener,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=30)
        assert not thread.is_alive()


def head_of(peer: ssl.SSLSocket) -> str:
    """The request, up to its empty line; what there is of it when the client has closed."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        chunk = peer.recv(4096)
        if not chunk:
            break
        request += chunk
    return request.decode()


def responding(text: str) -> Serve:
    """Reads a request, writes this and closes."""

    def serve(peer: ssl.SSLSocket) -> None:
        head_of(peer)
        peer.sendall(text.encode())

    return serve


def silent(peer: ssl.SSLSocket) -> None:
    """Reads until the client closes."""
    while peer.recv(4096):
        pass
