"""Staplelab: an integration test harness and fault-injection lab for OCSP stapling in nginx."""

from pathlib import Path


def _version() -> str:
    """The programs' own, from their header; an installed package has what that said when built."""
    header = Path(__file__).parents[1] / "base" / "version.h"
    if header.is_file():
        _, _, rest = header.read_text().partition('#define STAPLELAB_VERSION "')
        return rest.partition('"')[0]
    from importlib import metadata  # slow to import

    return metadata.version("staplelab")


__version__ = _version()
