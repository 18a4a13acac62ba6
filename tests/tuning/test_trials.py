"""A trial's line, its figures, and which of several is the best."""

from negjudge.tuning.trials import Trial


def test_ties_go_to_the_least_collateral_and_then_to_the_earliest():
    def trial(number, success, collateral):
        return Trial("vsf", number, {}, 4, 8, success, 1.0, success, collateral, success, "")

    trials = [trial(0, 0.5, 0.0), trial(1, 0.7, 0.4), trial(2, 0.7, 0.1), trial(3, 0.7, 0.1)]
    assert min(trials, key=lambda t: t.rank).number == 2


def test_a_person_reads_words_as_they_are_and_numbers_in_short():
    params = {"scale": 1.0, "padding": "full"}
    trial = Trial("nasa", 0, params, 4, 8, 0.25, 1.0, 1 / 3, 0.125, 0.25, "")
    assert trial.summary() == (
        "nasa: scale 1, padding full: success 0.25, kept 1.00, removed 0.33, collateral 0.12, 4 pictures"
    )
    rates = {"success": 0.25, "kept": 1.0, "removed": 0.3333, "collateral": 0.125}
    assert trial.figures() == rates
    assert trial.figures("number") == rates | {"number": 0}
