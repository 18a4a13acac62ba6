"""The command line: its errors are one line and code 2, its results are what the library gives."""

import pytest

from negjudge.cli.main import main
from negjudge.version import __version__


def failing(capsys, *argv):
    assert main(list(argv)) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    return printed.err


GENERATE = ("generate", "a bicycle", "--without", "wheels", "--model", "nowhere", "-o", "x.png")
SCORE = ("score", "x.png", "--object", "bicycle", "--absent", "wheels", "--judge", "nowhere")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ((), "the following arguments are required: COMMAND; see negjudge --help"),
        (("paint",), "invalid choice: 'paint'"),
        (SCORE[:2], "required: --object, --absent, --judge; see negjudge score --help"),
        ((*SCORE, "--batch-size", "0"), "--batch-size is 0, expected 1 or more"),
        ((*SCORE, "--batch", "4"), "unrecognized arguments: --batch 4"),
        (SCORE, "there is no model folder nowhere"),
        (GENERATE, "there is no model folder nowhere"),
        ((*GENERATE, "--scale", "much"), "argument --scale: invalid float value: 'much'"),
        ((*GENERATE, "--method", "nag", "--offset", "1"), "guidance method 'nag' has no setting 'offset'"),
        ((*GENERATE, "--scale", "-1"), "VSF's scale is -1, expected 0 or more"),
        ((*GENERATE[:-1], "x.jpg"), "--output is x.jpg, expected a name that ends in .png"),
        ((*GENERATE[:-1], "nowhere/x.png"), "there is no folder nowhere to write x.png into"),
        ((*GENERATE, "--steps", "0"), "--steps is 0, expected 1 or more"),
        ((*GENERATE[:2], *GENERATE[4:]), "--method vsf needs --without"),
        (("push", "nowhere"), "required: USER/NAME; see negjudge push --help"),
    ],
)
def test_bad_input(capsys, argv, message):
    assert message in failing(capsys, *argv)


def test_version_and_help(capsys):
    for flag, expected in (("--version", f"negjudge {__version__}\n"), ("--help", "score")):
        with pytest.raises(SystemExit) as ended:
            main([flag])
        assert ended.value.code == 0
        assert expected in capsys.readouterr().out


def test_doctor_names_versions_devices_and_room(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    for word in (
        __version__,
        "free disk",
        "torch [judge]",
        "diffusers [generate]",
        "CPU threads",
        "Label Studio",
    ):
        assert word in printed
    assert "! " not in printed
