"""The words that staple-check concludes with, as `staple-check --list-verdicts` prints them."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a strict client concludes about a staple.  Equal to its word: `verdict == "GOOD"`."""

    #: in a failed assertion it reads as the word it is compared with
    __repr__ = str.__repr__

    GOOD = "GOOD"
    NOT_REQUESTED = "NOT_REQUESTED"
    RESUMED_NO_STATUS = "RESUMED_NO_STATUS"
    NO_STAPLE = "NO_STAPLE"
    NO_STAPLE_MUST_STAPLE = "NO_STAPLE_MUST_STAPLE"
    UNPARSEABLE = "UNPARSEABLE"
    ERROR_STATUS = "ERROR_STATUS"
    NOT_FOR_THIS_CERT = "NOT_FOR_THIS_CERT"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    UNAUTHORIZED_SIGNER = "UNAUTHORIZED_SIGNER"
    SIGNER_EXPIRED = "SIGNER_EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    NO_NEXT_UPDATE = "NO_NEXT_UPDATE"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"
    WEAK_SIGNATURE = "WEAK_SIGNATURE"
    UNSUPPORTED_ALGORITHM = "UNSUPPORTED_ALGORITHM"
