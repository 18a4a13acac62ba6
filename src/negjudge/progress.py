"""The bar that anything over five seconds shows: how far, how fast, how much longer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Task) -> Text:
        new, seconds = task.completed - task.fields["before"], task.finished_time or task.elapsed
        # Rich's own speed looks at the last advances, which come in bursts of a batch.
        if not new or not seconds:
            return Text("")
        rate = new / seconds
        return Text(f"{rate:.1f} {self.unit}/s" if rate >= 1 else f"{rate * 60:.1f} {self.unit}/min")


@contextlib.contextmanager
def progress_bar(
    what: str, total: int, unit: str, done: int = 0, shown: bool = True
) -> Iterator[Callable[..., None]]:
    """Show a bar on stderr and yield ``advance(count=1, what=None)``; ``done`` of ``total`` are there before.

    The rate and the estimate count this run's work alone. Off a terminal only the finished bar is printed.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} of {task.total:.0f}"),
        _Rate(unit),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as progress:
        task = progress.add_task(what, total=total, completed=done, before=done)

        def advance(count: int = 1, what: str | None = None) -> None:
            progress.update(task, advance=count, description=what)

        yield advance
