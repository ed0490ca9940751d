"""A bug in the policy for clients' certificates, where sessions are resumed."""

from __future__ import annotations

import socket
import ssl

import pytest

from staplelab.scenario.lab import Lab
from staplelab.servers.config import Site
from staplelab.waiting import BOUND_SECONDS

#: what has not signed the client's certificate
OTHER = "www"
NAMES = ("www.staplelab.test", "second.staplelab.test")


def connect(
    lab: Lab, context: ssl.SSLContext, name: str, session: ssl.SSLSession | None
) -> tuple[str, ssl.SSLSession | None]:
    """What comes of a GET at that name, and the session to resume."""
    address, _, port = lab.nginx.listen.rpartition(":")
    plain = socket.create_connection((address, int(port)), BOUND_SECONDS)
    try:
        with context.wrap_socket(plain, server_hostname=name, session=session) as tls:
            tls.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())
            line = tls.recv(4096).partition(b"\r\n")[0].decode()
            return f"{line}, {'resumed' if tls.session_reused else 'anew'}", tls.session
    except (ssl.SSLError, ConnectionError) as error:
        return getattr(error, "reason", None) or "closed", None


@pytest.mark.profile("clients")
def test_1_27_4_46b9f5d38_a_session_of_another_name(lab: Lab) -> None:
    """CVE-2025-23419: who is let in at one name is not let in at another one, which trusts other
    authorities, by his session.  Debian has mended it in its 1.18.0 and 1.22.1, too."""
    mine = lab.certificate("client")
    sites = [
        Site(
            stapling=False,
            server_name=name,
            trusted=False,  # it would vouch for clients, too
            directives=(
                f"ssl_client_certificate {lab.certificate(trusts).file};",
                "ssl_verify_client on;",
                "ssl_verify_depth 2;",
            ),
        )
        for name, trusts in zip(NAMES, ("root", OTHER), strict=True)
    ]
    lab.start(*sites)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(mine.chain or mine.file, mine.private_key)
    first, session = connect(lab, context, NAMES[0], None)
    assert first == "HTTP/1.1 204 No Content, anew"
    same, session = connect(lab, context, NAMES[0], session)
    assert same == "HTTP/1.1 204 No Content, resumed"
    other, _ = connect(lab, context, NAMES[1], session)
    # since 0373fe5d9 the name counts before the session is looked at: there is another handshake
    anew = lab.server.within(">=1.29.2")
    assert other == ("HTTP/1.1 400 Bad Request, anew" if anew else "TLSV1_ALERT_ACCESS_DENIED")
