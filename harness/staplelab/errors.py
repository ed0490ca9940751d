"""What can go wrong outside a scenario: one class, one line a person can act on."""


class LabError(Exception):
    """The lab cannot do what was asked; the message names what was wrong and what is accepted."""


class NotHere(LabError):
    """This host or its kernel cannot do what was asked; the message says what is missing."""
