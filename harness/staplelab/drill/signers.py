"""Who else may sign: a delegate of each authority what a responder says, and a stranger; a new
intermediate the certificate that comes next."""

from __future__ import annotations

from typing import Any

STRANGER = "stranger"
_DELEGATE, _NEW, _RENEWED = "-delegate", "-new", "-renewed"
#: no other serial of a twin's is as large
_SERIALS, _NEW_SERIALS, _RENEWED_SERIALS = 0x7A00000000, 0x7B00000000, 0x7C00000000


def added(description: dict[str, Any]) -> dict[str, Any]:
    """A description for pki-mint, and in it the signers beside what is there."""
    if "signers" in description:
        return description
    issuers = dict.fromkeys(one["issuer"] for one in description["leaves"] if "issuer" in one)
    signers = [
        {
            "id": f"{issuer}{_DELEGATE}",
            "issuer": issuer,
            "subject": f"OCSP signer {number}",
            "serial": f"{_SERIALS + number:x}",
            "eku": "ocsp-signing",
            "ocsp_nocheck": True,
        }
        for number, issuer in enumerate(issuers, 1)
    ]
    stranger = {"id": STRANGER, "subject": "A stranger", "serial": f"{_SERIALS:x}"}
    above = {one["id"]: one.get("issuer", one["id"]) for one in description["authorities"]}
    news = [
        {
            "id": f"{issuer}{_NEW}",
            "issuer": above[issuer],
            "subject": f"New intermediate {number}",
            "serial": f"{_NEW_SERIALS + number:x}",
        }
        for number, issuer in enumerate(issuers, 1)
    ]
    renewed = [
        {
            **one,
            "id": renewed_of(one["id"]),
            "issuer": f"{one['issuer']}{_NEW}",
            "serial": f"{_RENEWED_SERIALS + number:x}",
        }
        for number, one in enumerate(description["leaves"], 1)
        if "issuer" in one
    ]
    return {
        **description,
        "authorities": [*description["authorities"], stranger, *news],
        "leaves": [*description["leaves"], *renewed],
        "signers": signers,
    }


def renewed_of(leaf: str) -> str:
    """The id of the certificate that comes after this one, from a new intermediate."""
    return f"{leaf}{_RENEWED}"


def new_of(description: dict[str, Any], leaf: str) -> str:
    """The id of that intermediate."""
    wanted = renewed_of(leaf)
    return next(str(one["issuer"]) for one in description["leaves"] if one["id"] == wanted)


def of_leaf(description: dict[str, Any], leaf: str) -> dict[str, str]:
    """The signers for a certificate: a delegate of its issuer, where it has one, and a stranger."""
    found = {"stranger": STRANGER}
    for one in description["leaves"]:
        if one["id"] == leaf and "issuer" in one:
            found["delegate"] = f"{one['issuer']}{_DELEGATE}"
    return found
