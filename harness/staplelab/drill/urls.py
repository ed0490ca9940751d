"""OCSP URLs: what nginx makes of one, and the same with the lab's responder behind it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_URL = re.compile(r"(?P<scheme>[a-zA-Z][\w+.-]*://)(?P<host>\[[^\]]*\]|[^/:?#\[\]]*)(?P<rest>.*)")
_PORT = re.compile(r":\d+(?=[/?#]|$)")
#: pki-mint's and ours: the port of the lab's responder, and its address
PORT, ADDRESS = "${ocsp_port}", "${ocsp_address}"


@dataclass(frozen=True)
class Url:
    """One URL of a responder."""

    text: str

    @property
    def host(self) -> str:
        """Its host, in lower case; "" where it has none."""
        found = _URL.fullmatch(self.text)
        return found["host"].lower() if found else ""

    @property
    def is_address(self) -> bool:
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return False
        return True

    @property
    def why_ignored(self) -> str:
        """Why nginx does not ask there, whatever becomes of the name; "" when it does."""
        if not self.text.lower().startswith("http://"):
            return f"nginx asks over http:// alone, and the OCSP URL is {self.text}"
        if not self.host or self.host == "[]":
            return f"the OCSP URL {self.text} has no host"
        rest = _rest(self.text)
        if rest.startswith(":"):
            port = re.match(r":(\d*)(?=[/?#]|$)", rest)
            if port is None or not port[1] or not 0 < int(port[1]) < 65536:
                return f"the OCSP URL {self.text} has no valid port"
        return ""

    def in_the_lab(self) -> str:
        """The same host and path, with the port of the lab's responder; of an address the
        responder's own."""
        found = _URL.fullmatch(self.text)
        if found is None or self.why_ignored:
            return self.text.replace("${", "$ {")
        host = found["host"]
        if self.is_address:
            host = "[::1]" if host.startswith("[") else ADDRESS
        rest = _PORT.sub("", found["rest"], count=1) if found["rest"][:1] == ":" else found["rest"]
        return f"{found['scheme']}{host}:{PORT}{rest.replace('${', '$ {')}"


def _rest(text: str) -> str:
    found = _URL.fullmatch(text)
    return found["rest"] if found else ""
