"""What the mutation tool makes of a file: one JSON array a line, [line number, text, rule].

    operators.py FILE

It runs in an environment of its own, where universalmutator (from PyPI) is.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from universalmutator.mutator import mutants_regexp

_RULES = ["universal.rules", "c_like.rules", "c.rules"]


def main() -> None:
    source = Path(sys.argv[1]).read_text().splitlines(keepends=True)
    with contextlib.redirect_stdout(sys.stderr):  # it says there what it does
        made = mutants_regexp(source, ruleFiles=_RULES, ignorePatterns=[])
    for number, text, (rule, _), _ in made:
        print(json.dumps([number, text, rule.strip()]))


if __name__ == "__main__":
    main()
