"""The bar counts this run's work for its rate, and stays silent where it is not wanted."""

import re
import time

from negjudge.progress import progress_bar


def test_the_rate_leaves_out_what_was_there_before(capsys):
    with progress_bar("pictures", 1020, "pictures", done=1000) as advance:
        for _ in range(20):
            time.sleep(0.005)
            advance()
    line = capsys.readouterr().err
    assert "1020 of 1020" in line
    rate = re.search(r"([\d.]+) pictures/s", line)
    assert float(rate[1]) <= 200


def test_slow_work_is_counted_by_the_minute(capsys):
    with progress_bar("unguided", 1, "settings") as advance:
        time.sleep(1.1)
        advance(1, "vsf, best success 0.50")
    line = capsys.readouterr().err
    assert "vsf, best success 0.50" in line
    assert re.search(r"[\d.]+ settings/min", line)


def test_a_hidden_bar_prints_nothing(capsys):
    with progress_bar("pictures", 2, "pictures", shown=False) as advance:
        advance(2)
    assert capsys.readouterr().err == ""
