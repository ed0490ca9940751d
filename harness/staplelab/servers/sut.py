"""The server under test: which one it is, and what `nginx -V` says of an nginx."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from staplelab.errors import LabError
from staplelab.hosts.launcher import GIVEN, run_alone
from staplelab.places import build_folder
from staplelab.servers.product import Ways, read_library, read_product, ways

Version = tuple[int, ...]

#: the version from which on nginx can be told where to log before it reads its configuration
E_OPTION_SINCE = (1, 19, 5)

#: the oldest that is judged; docs/deviations.md says what differs from there on
OLDEST = "1.18.0"

OPENSSL, QUICTLS = "OpenSSL", "quictls"

_ANSWER_SECONDS = 10.0
_LONGEST_ANSWER = 1 << 16
_SSL_MODULE = "--with-http_ssl_module"
#: modules that nginx has only if it is built --with-MODULE; one of them may be a file of its own
OPTIONAL = ("http_v2_module", "http_v3_module", "stream", "stream_ssl_module")
_NO_IPV6 = "the INET6 sockets are not supported"


def parse_version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True)
class ServerUnderTest:
    """A server's program and what it says of itself; texts and booleans alone, for the record."""

    path: str
    #: of the nginx that it is or stands on, which everything that is known of versions goes by;
    #: of a server that has nothing to do with nginx its own
    version: str
    #: the TLS library that it runs with: its name, and its version, "" where it has none
    library: str
    library_version: str
    #: name and version of the one that it was built with
    built_with: str
    debug: bool
    #: the modules that nginx has unless it is built without them, and that are not there
    without: str = ""
    #: those of OPTIONAL that are there; one that is a file of its own has "=" and that file behind
    added: str = ""
    #: which of the servers that the lab knows (servers.KINDS)
    name: str = "nginx"
    #: what it calls itself (Angie, Tengine, OpenResty, ...) and the version that it gives itself;
    #: "" stands for the two above
    product: str = ""
    product_version: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "product", self.product or self.name)
        object.__setattr__(self, "product_version", self.product_version or self.version)

    @property
    def ways(self) -> Ways:
        """Where its product differs from nginx."""
        return ways(self.product)

    @property
    def number(self) -> Version:
        return parse_version(self.version)

    def has(self, module: str) -> bool:
        """Whether nginx has a module: one of OPTIONAL, or one that --without-MODULE leaves out."""
        if module in OPTIONAL:
            return module in self._added()
        return module not in self.without.split()

    def module_file(self, module: str) -> str:
        """The file to load one of OPTIONAL from; "" for one that is built in."""
        return self._added()[module]

    def _added(self) -> dict[str, str]:
        return {name: file for name, _, file in (one.partition("=") for one in self.added.split())}

    def within(self, versions: str) -> bool:
        """Whether its version lies in a range such as ">=1.19.0,<1.23.0" ("" for any)."""
        return _within(self.number, versions)

    def has_library(self, name: str, versions: str = "") -> bool:
        """Whether it runs with that TLS library, of a version in that range.  quictls is OpenSSL,
        with what QUIC needs added."""
        if (OPENSSL if self.library == QUICTLS else self.library) != name:
            return False
        number = re.match(r"\d+(\.\d+)*", self.library_version)
        if number is None:
            return not versions
        return _within(parse_version(number[0]), versions)

    @property
    def title(self) -> str:
        """Product and version; of a fork also the nginx that it stands on."""
        base = "" if self.product_version == self.version else f" (nginx {self.version})"
        return f"{self.product} {self.product_version}{base}"

    @property
    def library_title(self) -> str:
        return f"{self.library} {self.library_version}".rstrip()

    def short(self) -> str:
        return f"{self.title} with {self.library_title}"

    def describe(self) -> str:
        return f"{self.short()}, {self.path}"


class Probed:
    """A plugin of pytest that says which server was probed, so that it is not probed again."""

    NAME = "staplelab-probed"

    def __init__(self, server: ServerUnderTest) -> None:
        self.server = server
        self.__name__ = self.NAME


def _within(number: Version, versions: str) -> bool:
    for part in filter(None, versions.replace(" ", "").split(",")):
        match = re.fullmatch(r"(>=|<)(\d+(?:\.\d+)*)", part)
        if match is None:
            raise ValueError(f'version range {versions!r}: write it as ">=1.19.0,<1.23.0"')
        reached = number >= parse_version(match[2])
        if reached != (match[1] == ">="):
            return False
    return True


def find(given: str | None) -> str:
    """The path of the nginx to judge: the one given, else the installed one."""
    found = given or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not found:
        raise LabError("no nginx is installed; name the one to judge with --nginx PATH")
    path = Path(found)
    if not path.exists():
        raise LabError(f"--nginx {found}: there is no such file; give the path of an nginx binary")
    if not os.access(path, os.X_OK) or path.is_dir():
        raise LabError(f"--nginx {found}: not an executable; give the path of an nginx binary")
    return str(path.resolve())


def probe(path: str) -> ServerUnderTest:
    """Asks the binary what it is; LabError when it is no nginx that can staple."""
    server = read_version(path, _run([path, "-V"]))
    check_age(server)
    if not _knows_ipv6(server):
        raise LabError(
            f"--nginx {path}: {server.title} is built without IPv6: it asks for no AAAA "
            "records, which the suites count; every nginx since 1.11.5 has IPv6 where the machine "
            "that it is built on does"
        )
    return server


def check_age(server: ServerUnderTest) -> None:
    """LabError for an nginx that is older than any that the suites were written against."""
    if server.number < parse_version(OLDEST):
        raise LabError(
            f"--nginx {server.path}: {server.title} is too old: the suites know what nginx "
            f"does from {OLDEST} on"
        )


def _run(argv: list[str], given: int | None = None) -> str:
    """What nginx writes to standard error; nothing of a wrapper that forks or hangs is left,
    whatever ends this process meanwhile."""
    launcher = build_folder() / "bin" / "launcher"
    try:
        done = run_alone(str(launcher), argv, {}, _ANSWER_SECONDS, given)
    except LabError as error:
        raise LabError(f"--nginx {argv[0]}: {argv[1]} cannot be run: {error}") from error
    return done.stderr[:_LONGEST_ANSWER]


def _knows_ipv6(server: ServerUnderTest) -> bool:
    """Asks the binary: -V does not say it.  The question ends in a directive that there is not, so
    that nginx stops there, before it makes a folder or opens a socket."""
    argv = [server.path, "-t", "-p", "/nonexistent", "-c", GIVEN]
    if server.number >= E_OPTION_SINCE:
        argv += ["-e", "/dev/null"]
    with os.fdopen(os.memfd_create("question"), "wb", buffering=0) as file:
        file.write(b"events {} http { resolver [::1]; asked; }")
        return _NO_IPV6 not in _run(argv, file.fileno())


def _optional(options: str, is_there: Callable[[str], bool]) -> list[str]:
    """The words of `added`; `is_there`: whether nginx finds that file."""
    prefix = _option("prefix", options) or "/usr/local/nginx"
    folder = Path(prefix, _option("modules-path", options) or "modules")
    found = []
    for module in OPTIONAL:
        given = re.search(rf"(?<!\S)--with-{module}(=dynamic)?(?!\S)", options)
        file = f"{folder}/ngx_{module}_module.so"
        if given and not given[1]:
            found.append(module)
        elif given and " " not in file and is_there(file):
            found.append(f"{module}={file}")
    return found


def _option(name: str, options: str) -> str:
    given = re.search(rf"(?<!\S)--{name}=(\S+)", options)
    return given[1] if given else ""


def read_version(
    path: str, said: str, is_there: Callable[[str], bool] = os.path.exists
) -> ServerUnderTest:
    """Reads what `nginx -V` printed; `is_there`: whether it has that file where it runs."""
    product = read_product(said)
    if product is None:
        first = (said.strip().splitlines() or ["nothing"])[0]
        raise LabError(f"--nginx {path}: not an nginx: to -V it says {first[:120]!r}")
    named = f"--nginx {path}: {product.name} {product.version}"
    arguments = re.search(r"configure arguments:(.*)", said)
    options = arguments[1] if arguments else ""
    without = re.findall(r"(?<!\S)--without-(\S+)", options)
    if "http" in without:
        raise LabError(f"{named} is built without HTTP, so it staples nothing")
    built = re.search(r"built with (.+?)(?: \(running with (.+)\))?$", said, re.MULTILINE)
    # for mail and streams alone it may be built with a library, too
    has_ssl = _SSL_MODULE in options or ways(product.name).ssl_unasked
    if built is None or not has_ssl or _SSL_MODULE.removeprefix("--with-") in without:
        raise LabError(f"{named} is built without SSL; one built {_SSL_MODULE} is needed")
    library = read_library(built[2] or built[1])
    return ServerUnderTest(
        path=path,
        version=product.nginx,
        library=library.name,
        library_version=library.version,
        built_with=str(read_library(built[1])),
        debug="--with-debug" in options,
        without=" ".join(without),
        added=" ".join(_optional(options, is_there)),
        product=product.name,
        product_version=product.version,
    )
