"""How a command ends: 0, or one line and a code that says why."""

import errno
import os
import subprocess
import sys

import pytest

from negjudge.errors import NegjudgeError, command, describe


def ends_with(error):
    @command
    def main():
        raise error

    return main()


def test_a_command_that_returns_ends_with_0():
    assert command(lambda: "anything")() == 0


def test_arguments_are_handed_on():
    seen = []
    assert command(seen.append)("x") == 0
    assert seen == ["x"]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NegjudgeError("no such\n  model; name another"), "error: no such model; name another"),
        (
            OSError(errno.ENOSPC, "No space left on device", "runs/x"),
            "error: runs/x: no space left on the disk; ",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "runs/x"), "error: runs/x: permission denied"),
        (ConnectionError("refused by the server"), "error: refused by the server"),
    ],
)
def test_faults_of_others_are_one_line(capsys, monkeypatch, error, line):
    monkeypatch.delenv("NEGJUDGE_TRACEBACK", raising=False)
    assert ends_with(error) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(line)
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_interrupt_ends_with_130(capsys):
    assert ends_with(KeyboardInterrupt()) == 130
    assert "interrupted" in capsys.readouterr().err


def test_bugs_keep_their_traceback():
    with pytest.raises(ZeroDivisionError):
        ends_with(ZeroDivisionError())


def test_traceback_on_request(monkeypatch):
    monkeypatch.setenv("NEGJUDGE_TRACEBACK", "1")
    with pytest.raises(NegjudgeError):
        ends_with(NegjudgeError("x"))


def test_a_reader_that_leaves_is_no_error():
    code = (
        "import sys; from negjudge.errors import command\n"
        "sys.exit(command(lambda: print('line\\n' * 100_000))())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_describe_names_a_real_missing_file():
    with pytest.raises(FileNotFoundError) as caught:
        os.stat("nowhere/at/all")
    assert describe(caught.value) == "nowhere/at/all: no such file or directory"
