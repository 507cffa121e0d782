"""What a sync shows in its terminal: bars or plain lines while it runs, a table at its end."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from freshbooks_hub.core.terminal import shown
from freshbooks_hub.sync.history import StreamResult
from freshbooks_hub.sync.progress import Reporter, Silent


class Lines(Silent):
    """One plain line per step: for logs, pipes and cron."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def completed(self, stream: str, count: int) -> None:
        self._console.print(f"{stream}: {count:,} rows read", highlight=False, markup=False)

    def phase(self, text: str) -> None:
        self._console.print(shown(text), highlight=False, markup=False)


class RowsColumn(ProgressColumn):
    """Rows so far, of the expected ones where known."""

    def render(self, task: Task) -> Text:
        total = f" of {int(task.total):,}" if task.total is not None else ""
        return Text(f"{int(task.completed):,}{total} rows")


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="dim")


class Live:
    """A bar per stream on a terminal."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            RowsColumn(),
            RateColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def expected(self, stream: str, rows: int) -> None:
        self._progress.update(self._task(stream), total=rows)

    def rows(self, stream: str, count: int) -> None:
        self._progress.update(self._task(stream), completed=count)

    def completed(self, stream: str, count: int) -> None:
        self._progress.update(self._task(stream), completed=count, total=count)

    def phase(self, text: str) -> None:
        self._progress.console.print(shown(text), style="bold", highlight=False, markup=False)

    def _task(self, stream: str) -> TaskID:
        if stream not in self._tasks:
            self._tasks[stream] = self._progress.add_task(stream, total=None)
        return self._tasks[stream]


def reporter(console: Console) -> Reporter:
    """Bars on a terminal, plain lines elsewhere."""
    return Live(console) if console.is_terminal else Lines(console)


def summary(results: list[StreamResult]) -> Table:
    """The table at the end of a sync."""
    table = Table(title="Sync", title_justify="left")
    table.add_column("stream")
    for name in ("read", "new", "changed", "rows now", "seconds"):
        table.add_column(name, justify="right")
    for r in results:
        numbers = [f"{n:,}" for n in (r.read, r.inserted, r.updated, r.total)]
        table.add_row(Text(r.stream), *numbers, f"{r.seconds:.1f}", style=None if r.completed else "red")
    return table
