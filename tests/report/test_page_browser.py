"""The page in Chromium, from a file: nothing fetched from elsewhere, sorted, filtered, opened, narrow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import synthetic
from browser import NAMES, Tab, browser, chromium

from negjudge.evaluation.stage import evaluate
from negjudge.report.page import write_report

CHROMIUM = chromium()
if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("there is no Chromium here: the page is not tried in a browser", allow_module_level=True)

BODY = "[...document.querySelector('#specific table.data').tBodies[0].rows]"
ROWS = f"{BODY}.map(r => r.cells[0].textContent)"
SET = "{{const s = document.getElementById('{}'); s.value = '{}'; s.dispatchEvent(new Event('{}'))}}"
SHOWN = "[...document.querySelectorAll('details.pair')].filter(p => p.checkVisibility()).length"
LOADED = "[...document.querySelectorAll('.sheet img')].filter(i => i.complete && i.naturalWidth > 0).length"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = synthetic.make_run(tmp_path_factory.mktemp("page"))
    recipe = synthetic.recipe_for(run, history="data/settings/mini.jsonl", settings="data/settings/mini.yaml")
    evaluate(recipe, run)
    return write_report(recipe, run)


@pytest.fixture(scope="module")
def window() -> Iterator[Tab]:
    if CHROMIUM is None:
        pytest.fail(f"CI is set and there is none of {', '.join(NAMES)}; .ci/run installs one", pytrace=False)
    with browser(CHROMIUM) as tab:
        yield tab


@pytest.fixture
def tab(window: Tab, page: Path) -> Iterator[Tab]:
    window.open(page)
    yield window
    assert window.complaints == []
    assert all(address.startswith((f"file://{page.parent}/", "data:")) for address in window.requests)


def test_a_head_sorts_by_click_and_by_key(tab: Tab) -> None:
    before = tab.run(ROWS)
    head = "document.querySelectorAll('#specific table.data th')"
    tab.run(f"{head}[1].querySelector('button').click()")
    assert tab.run(f"{head}[1].getAttribute('aria-sort')") == "descending"
    rates = (
        "[...document.querySelectorAll('#specific table.data tbody tr')].map(r => +r.cells[1].dataset.key)"
    )
    assert tab.run(rates) == sorted(tab.run(rates), reverse=True)
    assert len(set(tab.run(rates))) > 1
    tab.run(f"{head}[1].querySelector('button').focus()")
    tab.press("Enter", 13)
    assert tab.run(f"{head}[1].getAttribute('aria-sort')") == "ascending"
    assert tab.run(rates) == sorted(tab.run(rates))
    tab.run(f"{head}[0].querySelector('button').focus()")
    tab.press(" ", 32)
    assert tab.run(ROWS) == sorted(before)
    assert tab.run(f"{head}[1].getAttribute('aria-sort')") is None


def test_what_is_not_known_stays_last_and_the_foot_stays_below(tab: Tab) -> None:
    table = "[...document.querySelectorAll('table.data')].find(t => t.tFoot)"
    foot = tab.run(f"{table}.tFoot.textContent")
    for _ in range(2):
        tab.run(f"{table}.querySelectorAll('thead button')[1].click()")
        assert tab.run(f"{table}.rows[{table}.rows.length - 1].parentNode.tagName") == "TFOOT"
    assert tab.run(f"{table}.tFoot.textContent") == foot
    # Without guidance there is no collateral: the dash stays last, whichever way the others go.
    column = "[...{t}.tHead.rows[0].cells].findIndex(c => c.textContent === 'Collateral')"
    methods = "document.querySelectorAll('#methods details table.data')[0]"
    column = column.format(t=methods)
    for _ in range(2):
        tab.run(f"{methods}.querySelectorAll('thead button')[{column}].click()")
        assert tab.run(f"[...{methods}.tBodies[0].rows].at(-1).cells[0].textContent") == "no guidance"


def test_pairs_are_filtered_by_category_and_by_words(tab: Tab) -> None:
    total = tab.run(SHOWN)
    assert total == synthetic.TESTED
    tab.run(SET.format("pair-group", "castle", "change"))
    castles = tab.run(SHOWN)
    assert 0 < castles < total
    tab.run(SET.format("pair-text", "DOOR", "input"))
    assert tab.run(SHOWN) == 1
    assert tab.run("document.getElementById('pair-count').textContent") == f"1 of {synthetic.TESTED} pairs"
    tab.run(SET.format("pair-text", "no such", "input"))
    assert tab.run(SHOWN) == 0


def test_pairs_are_put_worst_first_and_back(tab: Tab) -> None:
    success = "[...document.querySelectorAll('details.pair')].map(p => +p.dataset.success)"
    listed = tab.run(success)
    tab.run(SET.format("pair-order", "worst", "change"))
    assert tab.run(success) == sorted(listed)
    tab.run(SET.format("pair-order", "best", "change"))
    assert tab.run(success) == sorted(listed, reverse=True)
    tab.run(SET.format("pair-order", "", "change"))
    assert tab.run(success) == listed


def test_a_pair_loads_its_pictures_when_it_is_opened(tab: Tab, page: Path) -> None:
    tab.run("document.getElementById('pair-list').scrollIntoView()")
    assert not [address for address in tab.requests if address.endswith(".jpg")]
    tab.run("document.querySelector('details.pair summary').click()")
    tab.wait(f"{LOADED} === 1")
    (asked,) = [address for address in tab.requests if address.endswith(".jpg")]
    assert Path(asked.removeprefix("file://")).is_file()


def test_a_link_opens_its_pair_even_if_it_was_filtered_away(tab: Tab) -> None:
    tab.run(SET.format("pair-text", "zz", "input"))
    tab.run("document.querySelector('#pictures h4 a').click()")
    tab.wait(f"{LOADED} === 1")
    target = "document.querySelector(document.querySelector('#pictures h4 a').getAttribute('href'))"
    assert tab.run(f"{target}.checkVisibility()")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(tab: Tab, page: Path, width: int) -> None:
    tab.open(page, width)
    tab.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert tab.run("document.documentElement.scrollWidth") == width


def test_a_table_that_goes_on_has_a_shadow_at_its_side(tab: Tab, page: Path) -> None:
    tab.open(page, 390)
    table = "[...document.querySelectorAll('.scroll')].find(s => s.scrollWidth > s.clientWidth)"
    style = f"getComputedStyle({table})"
    assert tab.run(f"{style}.backgroundAttachment") == "local, local, scroll, scroll"
    assert tab.run(f"{style}.backgroundImage").count("linear-gradient") == 4


def test_without_scripts_the_tables_are_there_and_the_filter_is_not(tab: Tab, page: Path) -> None:
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open(page)
        tab.send("DOM.enable")
        root = tab.send("DOM.getDocument", depth=0)["root"]["nodeId"]
        assert tab.send("DOM.querySelector", nodeId=root, selector="table.data tbody tr")["nodeId"]
        assert not tab.send("DOM.querySelector", nodeId=root, selector="thead button")["nodeId"]
        assert tab.send("DOM.querySelector", nodeId=root, selector="#pair-filter[hidden]")["nodeId"]
    finally:
        tab.send("Emulation.setScriptExecutionDisabled", value=False)
