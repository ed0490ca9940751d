"""What other tests use is found from here, too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
