"""The command line: parses, calls, prints."""

import sys

if sys.platform == "win32":  # before anything is imported that Windows lacks
    sys.exit("freshbooks runs on Linux and macOS; on Windows, run it in WSL or in a container.")
