"""crossplane, which reads nginx's configuration files: from PyPI, in a folder of its own.

The main path of the lab does without it; an installed package has it as the extra `drill`.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

from staplelab import places
from staplelab.errors import LabError

_REMEDY = (
    "install the package with it (pip install 'staplelab[drill]')"
    if places.is_installed()
    else "run `make drill-tool`, which gets it from PyPI into build/drill-tool"
)
#: blocks of Lua that crossplane does not know: their braces and semicolons are not nginx's
_LUA_BLOCKS = (
    "exit_worker_by_lua_block",
    "precontent_by_lua_block",
    "preread_by_lua_block",
    "proxy_ssl_certificate_by_lua_block",
    "proxy_ssl_verify_by_lua_block",
    "server_rewrite_by_lua_block",
    "ssl_client_hello_by_lua_block",
)


@cache
def lexer() -> ModuleType:
    """The module that makes tokens of a file; LabError, with what to do, where it is not."""
    folder = str(places.repository() / "build" / "drill-tool")
    if not places.is_installed() and folder not in sys.path:
        sys.path.append(folder)  # behind all others, so that it takes no module's place
    try:
        found = importlib.import_module("crossplane.lexer")
        lua = importlib.import_module("crossplane.ext.lua").LuaBlockPlugin()
    except ImportError:
        raise LabError(f"the drill reads configurations with crossplane: {_REMEDY}") from None
    known = lua.directives.keys() | set(_LUA_BLOCKS)
    found.register_external_lexer(directives=known, lexer=lua.lex)
    return found


@cache
def x509() -> ModuleType:
    """The module that reads certificates; LabError, with what to do, where it is not."""
    try:
        return importlib.import_module("cryptography.x509")
    except ImportError:
        remedy = (
            "install the package with it (pip install 'staplelab[drill]')"
            if places.is_installed()
            else "run `harness/setup/packages drill`, or install python3-cryptography"
        )
        raise LabError(f"the drill reads certificates with cryptography: {remedy}") from None
