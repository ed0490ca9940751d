"""`python3 -m staplelab`."""

import sys

from staplelab.modules import explained

with explained():
    from staplelab.cli import main

    sys.exit(main())
