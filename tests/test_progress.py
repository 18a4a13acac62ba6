"""The bar counts this run's work for its rate, and stays silent where it is not wanted."""

from functools import partial

import pytest
from rich.console import Console

from negjudge import progress
from negjudge.progress import progress_bar


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(progress, "Console", partial(Console, get_time=found))
    return found


def test_the_rate_leaves_out_what_was_there_before(clock, capsys):
    with progress_bar("pictures", 1020, "pictures", done=1000) as advance:
        for _ in range(20):
            clock.now += 0.005
            advance()
    line = capsys.readouterr().err
    assert "1020 of 1020" in line
    assert "200.0 pictures/s" in line


def test_slow_work_is_counted_by_the_minute(clock, capsys):
    with progress_bar("unguided", 1, "settings") as advance:
        clock.now += 1.5
        advance(1, "vsf, best success 0.50")
    line = capsys.readouterr().err
    assert "vsf, best success 0.50" in line
    assert "40.0 settings/min" in line


def test_a_hidden_bar_prints_nothing(capsys):
    with progress_bar("pictures", 2, "pictures", shown=False) as advance:
        advance(2)
    assert capsys.readouterr().err == ""
