"""nginx's rules for a staple, second by second, as they stand in its source: what a drill is held
to.  A visitor comes every second; each sets off a fetch where one is due."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Model:
    """One worker, one certificate; fetches take no time."""

    validity: int
    now: int = -1
    #: a fetch is due after that
    refresh: int = -1
    #: the staple is served until then; None: there is none
    until: int | None = None
    fails: bool = False

    def visit(self) -> bool:
        """The next second's visitor: whether there is a staple for it."""
        self.now += 1
        stapled = self.until is not None and self.until >= self.now
        if self.refresh < self.now:
            self._fetch()
        return stapled

    def _fetch(self) -> None:
        if self.fails:
            self.refresh = self.now + 300
            return
        self.until = self.now + self.validity
        self.refresh = max(min(self.until - 300, self.now + 3600), self.now + 300)

    def forget(self) -> None:
        """A reload."""
        self.until, self.refresh = None, -1


@dataclass(frozen=True)
class Expected:
    lost: int | None
    back: int | None
    bare: int


def outage(validity: int, moment: str, length: int, *, reload: bool = False) -> Expected:
    """An outage that begins just after the first refresh, or in the last second before the next
    one; with a reload in the middle."""
    model = Model(validity)
    model.visit()
    first = model.refresh + 1
    begin = first if moment == "best" else 2 * first - 1
    while model.now < begin:
        model.visit()
    model.fails = True
    lost = back = None
    bare = 0
    while True:
        if reload and model.now == begin + length // 2 and lost is None:
            model.forget()
            model.now -= 1  # somebody else comes in the same second
        stapled = model.visit()
        if not stapled:
            bare += 1
            lost = model.now - begin if lost is None else lost
        elif lost is not None:
            back = model.now - begin - length
            break
        if model.now == begin + length:
            model.fails = False
        if model.now > begin + length + 4000:
            break
    return Expected(lost, back, bare)
