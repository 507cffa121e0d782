"""The shell of `freshbooks query`: statements that end with `;`, a few words that begin with a dot, a history."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from freshbooks_hub.cli.answers import Format, show
from freshbooks_hub.core import terminal
from freshbooks_hub.core.errors import HubError
from freshbooks_hub.core.files import open_private
from freshbooks_hub.core.home import Home
from freshbooks_hub.marts.open import check_published, query_marts

LIMIT = 200  # rows, unless said
HISTORY = 1000  # statements
HELP = """\
.tables          the marts
.schema MART     its columns, with what they mean
.vertical        a line for each field, or a table again
.limit 1000      print at most so many rows
.quit            leave (or Ctrl-D)
A statement ends with a semicolon, and may have many lines; Ctrl-C clears what was typed."""


class Shell:
    """Reads at the terminal; every statement sees the newest marts."""

    def __init__(self, home: Home, output: Format, limit: int | None) -> None:
        self._home = home
        self._output = output
        self._limit = limit or LIMIT
        self._words: dict[str, Callable[[str], None]] = {
            ".tables": self._tables,
            ".schema": self._schema,
            ".vertical": self._vertical,
            ".limit": self._set_limit,
            ".help": self._help,
        }

    def run(self) -> None:
        """Until `.quit` or Ctrl-D. Raises NoMarts."""
        check_published(self._home.marts)
        print("Read-only SQL on your marts. .help says what there is, .quit leaves.")
        self._load_history()
        try:
            self._loop()
        finally:
            self._save_history()

    def _loop(self) -> None:
        lines: list[str] = []
        while True:
            try:
                line = input("     ...> " if lines else "freshbooks> ")
            except EOFError:
                print()
                return
            except KeyboardInterrupt:
                print()
                lines = []
                continue
            if not lines and line.strip().startswith("."):
                if line.strip() in (".quit", ".exit"):
                    return
                self._do(line.strip())
                continue
            if line.strip() or lines:
                lines.append(line)
            if line.rstrip().endswith(";"):
                statement, lines = "\n".join(lines), []
                self._answer(statement)

    def _do(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        known = self._words.get(word)
        if known is None:
            print(f"There is no {terminal.shown(word)}. .help says what there is.")
            return
        known(rest.strip().rstrip(";"))

    def _answer(self, statement: str) -> None:
        try:
            show(query_marts(self._home.marts, statement, self._limit), self._output)
        except HubError as error:
            terminal.say(str(error).partition("\n\nLINE")[0].replace("\n", " "))
        except KeyboardInterrupt:
            print("Stopped.")

    def _help(self, _: str) -> None:
        print(HELP)

    def _tables(self, _: str) -> None:
        self._answer(
            "SELECT DISTINCT mart_name, split_part(mart_description, '. ', 1) AS holds FROM fb_dictionary ORDER BY 1"
        )

    def _schema(self, mart: str) -> None:
        name = mart.removeprefix("marts.").replace("'", "''").lower()
        if not name:
            print("Which mart? .tables lists them.")
            return
        self._answer(
            "SELECT column_name, data_type, description FROM fb_dictionary "  # noqa: S608 - quoted; one read-only statement
            f"WHERE mart_name = '{name}' ORDER BY column_number"
        )

    def _vertical(self, _: str) -> None:
        self._output = Format.table if self._output is Format.vertical else Format.vertical
        print(f"Answers are shown as {'lists of fields' if self._output is Format.vertical else 'tables'}.")

    def _set_limit(self, rows: str) -> None:
        if not rows.isdecimal() or int(rows) < 1:
            print("Give a number of rows: .limit 1000")
            return
        self._limit = int(rows)
        print(f"At most {self._limit:,} rows are printed.")

    @property
    def _history(self) -> str:
        return str(self._home.root / "shell.history")

    def _load_history(self) -> None:
        with suppress(ImportError, OSError):
            import readline

            readline.set_history_length(HISTORY)
            readline.read_history_file(self._history)

    def _save_history(self) -> None:
        with suppress(ImportError, OSError):
            import readline

            open_private(self._home.root / "shell.history").close()
            readline.write_history_file(self._history)
