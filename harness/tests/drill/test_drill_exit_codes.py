"""The rows of docs/exit-codes.md about a drill."""

from __future__ import annotations

from pathlib import Path

from drill_originals import Folder
from lab_run import nginx
from test_exit_codes import Seen, hold, lab


def test_of_a_drill(tmp_path: Path) -> None:
    """Of a site whose stapling nginx ignores: its certificate has no issuer beside it."""
    made = Folder(tmp_path)
    made.certificate("www", "www.example.org", behind="")
    tls = "ssl_certificate www.pem; ssl_certificate_key www.key; ssl_stapling on;"
    conf = made.conf(f"server {{ listen 443 ssl; {tls} }}")
    command = ("staplelab", "drill", str(conf), "--jobs", "1", "--server", nginx())
    seen = Seen()
    for code, options in ((0, ()), (1, ("--survive", "1h")), (2, ("--survive", "1"))):
        seen.see("staplelab drill", code, lab(tmp_path, *command, *options))
    hold(seen, "staplelab drill")
