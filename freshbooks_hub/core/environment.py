"""What dbt and the source get of the shell's environment: a list of variables, and none beside it.

Both read dozens of variables that a shell may carry for something else. `DBT_EMPTY=1` alone would publish marts
without a row, `DBT_TARGET` build elsewhere, `PYTHONOPTIMIZE=1` take checks out.
"""

from __future__ import annotations

import os
from pathlib import Path

_ALWAYS = {
    *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE"),
    # Where this Python finds its libraries, for a build that does not know it by itself.
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME"),
}
_NETWORK = {
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("FRESHBOOKS_API_URL", "FRESHBOOKS_AUTH_URL"),
}
# No proxy, no certificate: on DuckDB it reads and writes files alone.
_DBT = "FRESHBOOKS_DBT_"


def source_environment() -> dict[str, str]:
    """The environment of the source: the network's settings, and where FreshBooks is."""
    return _base() | {name: value for name, value in os.environ.items() if name in _NETWORK}


def dbt_environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment of dbt: FRESHBOOKS_DBT_* of the shell, and over them `settings`."""
    told = {name: value for name, value in os.environ.items() if name.startswith(_DBT)}
    return _base() | told | settings | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1"}


def _base() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name in _ALWAYS or name.startswith("LC_")}
    if packages := os.environ.get("PYTHONPATH"):
        # A relative folder would be another one in a process that works elsewhere.
        folders = [_absolute(folder) for folder in packages.split(os.pathsep) if folder]
        kept["PYTHONPATH"] = os.pathsep.join(folders)
    # UTF-8 whatever the locale, and no module of the folder in which the command was run.
    return kept | {"PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


def _absolute(folder: str) -> str:
    try:
        return str(Path(folder).absolute())
    except OSError:  # the working folder was deleted
        return folder
