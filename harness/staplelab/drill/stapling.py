"""Whether a certificate is stapled at a site, and why: what nginx decides when it reads its
configuration, some of it without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from staplelab.drill.certificate_files import Files, has_variable
from staplelab.drill.merged import Server
from staplelab.drill.model import (
    Complaint,
    Place,
    Setting,
    Stapling,
    TwinCertificate,
    TwinSite,
)
from staplelab.drill.originals import find_issuer
from staplelab.drill.urls import Url
from staplelab.servers.sut import ServerUnderTest

#: takes part in the choice of a certificate, or of a staple
_LUA = (
    "ssl_certificate_by_lua_block",
    "ssl_certificate_by_lua_file",
    "ssl_certificate_by_lua",
    "ssl_client_hello_by_lua_block",
    "ssl_client_hello_by_lua_file",
)
_IGNORED = re.compile(r'"ssl_stapling" ignored, (?P<why>.* certificate) "(?P<file>.*)"')
#: libraries that have no stapling of their own for nginx to use
_WITHOUT_STAPLING = ("BoringSSL",)


@dataclass(frozen=True)
class Judged:
    """What is found of one certificate at one site."""

    stapling: Stapling
    why: str
    place: Place
    hosts: tuple[str, ...] = ()


def judge(
    server: Server, setting: Setting, twin: TwinCertificate, files: Files, sut: ServerUnderTest
) -> Judged:
    """What nginx does for the certificate that `setting` names at that server{}."""
    switch = server.all("ssl_stapling")[-1:]
    place = switch[0].place if switch else server.place
    for name in _LUA:
        for lua in server.all(name):
            return Judged("cannot-judge", f"{name} decides what is sent", lua.place)
    if not switch:
        return Judged("off", "there is no ssl_stapling on for it", place)
    if str(switch[0]) != "on":
        return Judged("off", f"ssl_stapling {switch[0]}", place)
    given = server.all("ssl_stapling_file")
    if len(given) > 1:
        return Judged("cannot-judge", "there is more than one ssl_stapling_file", given[1].place)
    if given and len(server.all("ssl_certificate")) > 1:
        why = "one ssl_stapling_file is stapled to each of several certificates"
        return Judged("cannot-judge", why, given[0].place)
    if given:
        why = "ssl_stapling_file: nginx staples what is there, and never looks again"
        return Judged("cannot-judge", why, given[0].place)
    if has_variable(str(setting)):
        why = "a variable is in ssl_certificate: nginx staples nothing then, and does not say so"
        return Judged("ignored", why, setting.place)
    if sut.library in _WITHOUT_STAPLING:
        return Judged("ignored", f"nginx cannot staple with {sut.library}", place)
    if not _issuer_is_found(server, twin, files):
        why = "nginx does not find the issuer: it is neither in ssl_certificate nor among the "
        return Judged("ignored", f"{why}trusted certificates", setting.place)
    return _by_url(server, twin, setting, place, files)


def _by_url(
    server: Server, twin: TwinCertificate, setting: Setting, place: Place, files: Files
) -> Judged:
    own = server.all("ssl_stapling_responder")[-1:]
    if not own and not twin.ocsp_urls:
        return Judged("ignored", "there is no OCSP URL in the certificate", setting.place)
    url = Url(str(own[0])) if own else Url(twin.ocsp_urls[0])
    if why := url.why_ignored:
        return Judged("ignored", why, own[0].place if own else setting.place)
    known = "the OCSP URL is not known, the lab's stands for it"
    why = f"asked for at {url.host}" if twin.read or own else known
    if not _issuer_is_sent(twin, files):
        why += (
            "; the issuer is not in ssl_certificate, so nginx refuses a response that does not "
            "carry the certificate of who signed it"
        )
    return Judged("on", why, place, (url.host,))


def _issuer_is_sent(twin: TwinCertificate, files: Files) -> bool:
    """Whether it stands in ssl_certificate: nginx looks for a signer there and in the response, and
    not among the trusted certificates."""
    if not twin.read:
        return True
    leaf, *behind = files.found(twin.file)
    return find_issuer(leaf, behind) is not None


def _issuer_is_found(server: Server, twin: TwinCertificate, files: Files) -> bool:
    if not twin.read:
        return True
    leaf = files.found(twin.file)[0]
    if _issuer_is_sent(twin, files):
        return True
    verify = server.setting("ssl_verify_client", "off")
    roles = ["ssl_trusted_certificate", *(["ssl_client_certificate"] if verify != "off" else [])]
    for role in roles:
        for named in server.all(role)[-1:]:
            trusted = files.found(str(named))
            if not trusted or find_issuer(leaf, trusted) is not None:
                return True  # of a file that was not read the twin has what is needed
    return False


def believe(sites: Sequence[TwinSite], complaints: Sequence[Complaint]) -> Iterator[TwinSite]:
    """The sites, with what nginx has said of certificates that it does not staple, where nothing
    that was read foretold it."""
    said = {}
    for complaint in complaints:
        if found := _IGNORED.fullmatch(complaint.text):
            said[found["file"]] = f"nginx says: {found['why']}"
    for site in sites:
        for at in site.certificates:
            if at.stapling == "ignored":
                said.pop(at.certificate.file, None)
    for site in sites:
        certificates = tuple(
            replace(at, stapling="ignored", why=said[at.certificate.file])
            if at.stapling == "on" and at.certificate.file in said
            else at
            for at in site.certificates
        )
        if certificates == site.certificates:
            yield site
            continue
        first = next((at for at in certificates if at.stapling == "on"), certificates[0])
        yield replace(
            site, certificates=certificates, stapling=first.stapling, why=first.why
        )


def of_site(judged: list[Judged], rejects: bool) -> tuple[Stapling, str]:
    """One word for a server{}: "on" where one of its certificates is stapled."""
    if rejects and not judged:
        return "off", "ssl_reject_handshake: it has no certificate"
    if not judged:
        return "off", "it has no certificate"
    first = next((one for one in judged if one.stapling == "on"), judged[0])
    return first.stapling, first.why
