"""`python3 -m staplelab`."""

import sys

from staplelab.cli import main

sys.exit(main())
