"""What the documents point at is there: files, make targets, commands, names of the library."""

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest

from negjudge.cli.main import main

ROOT = Path(__file__).resolve().parents[1]
LISTED = subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True).split()
DOCUMENTS = [ROOT / name for name in LISTED if (ROOT / name).is_file()]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_files_lead_somewhere(document):
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text())
    files = [target for target in targets if "://" not in target]
    assert [target for target in files if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_are_targets(document):
    text = document.read_text()
    commands = re.findall(r"`make ([^`\n]+)`", text) + re.findall(r"^make ([^#\n]+)", text, re.MULTILINE)
    words = {word for command in commands for word in command.split() if re.fullmatch(r"[a-z]+", word)}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert words <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_examples_are_python_and_import_what_is_there(document):
    for block in blocks(document.read_text(), "python"):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("negjudge"):
                module = importlib.import_module(node.module)
                assert all(hasattr(module, alias.name) for alias in node.names)


def test_the_readmes_commands_have_these_flags(capsys):
    for command, words in re.findall(r"`negjudge (\w+) ?([^`]*)`", (ROOT / "README.md").read_text()):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        printed = capsys.readouterr().out
        assert [flag for flag in re.findall(r"(?<!\w)--?[a-z]+", words) if flag not in printed] == []
