"""What it takes to repeat a run, without the names of people."""

from __future__ import annotations

from negjudge.report.repeat import _without_names


def test_the_names_of_people_who_labelled_are_not_on_the_page() -> None:
    recipe = "source: people\nannotators: [ada, grace]\nport: 8090\n"
    told = _without_names(recipe)
    assert "ada" not in told
    assert "annotators: 2 people" in told
    assert _without_names("# As it is\nsource: simulated\n") == "# As it is\nsource: simulated\n"
