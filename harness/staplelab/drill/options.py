"""The words of `staplelab drill`, apart from all that it takes to carry them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

CONF = "/etc/nginx/nginx.conf"
#: how long answers are taken to be valid where nobody says
VALIDITY = "7d"


def add(commands: Any, jobs: Any) -> None:
    """Adds the command to those of the program; `jobs` reads a number of processes."""
    drill = commands.add_parser(
        "drill",
        help="say what an OCSP outage does to an nginx.conf of your own",
        allow_abbrev=False,
    )
    drill.add_argument(
        *("conf",), nargs="?", default=CONF, metavar="CONF", help=f"default: {CONF}"
    )
    drill.add_argument("--out", metavar="DIR", type=Path, help="write drill.json, drill.html there")
    drill.add_argument("--server", metavar="PATH", help="the nginx to try it with (installed)")
    drill.add_argument("--site", metavar="NAME", help="this site alone")
    drill.add_argument(
        "--stands-for", metavar="DIR", help="what CONF's folder is a copy of, such as /etc/nginx"
    )
    drill.add_argument(
        "--root", metavar="DIR", type=Path, help="a folder of files from / on that CONF names"
    )
    drill.add_argument(
        "--validity", metavar="SPAN", help=f"how long your CA's answers are valid ({VALIDITY})"
    )
    drill.add_argument(
        "--response", metavar="FILE", type=Path, help="an answer of your CA, which tells that"
    )
    drill.add_argument("--jobs", metavar="N", type=jobs, default=2, help="default: 2")
    held = drill.add_argument_group("thresholds, which fail the command when they are missed")
    held.add_argument("--survive", metavar="SPAN", help="an outage that may cost no staple: 24h")
    held.add_argument("--learn", metavar="SPAN", help="a revocation is seen by then: 4h")
    held.add_argument(
        "--bare-after-start", metavar="N", help="so many visitors at most get no staple at first"
    )
    held.add_argument(
        "--no-lockout", action="store_true", help="no client with a good certificate is locked out"
    )
