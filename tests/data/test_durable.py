"""Whole lines and whole files, or what was there before; each is read for its digest once."""

import hashlib
import os

import pytest

from negjudge.data import durable
from negjudge.data.durable import append_lines, files_sha256, read_lines, write_atomically, write_changed


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b'{"a": 1}\n', [b'{"a": 1}']),
        (b'{"a": 1}\n{"b"', [b'{"a": 1}']),
        (b'{"a": 1}\n{"b": 2}', [b'{"a": 1}', b'{"b": 2}']),
        (b'{"a": 1}\n12', [b'{"a": 1}']),  # of 123, say: no prefix of an object is an object
    ],
)
def test_a_torn_last_line_is_not_read_and_is_cut_before_the_next(tmp_path, content, lines):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(content)
    assert read_lines(path) == lines
    append_lines(path, b'{"c": 3}\n')
    assert path.read_bytes() == b"".join(line + b"\n" for line in [*lines, b'{"c": 3}'])


def test_a_missing_file_has_no_lines_and_a_missing_folder_is_made(tmp_path):
    path = tmp_path / "new" / "lines.jsonl"
    assert read_lines(path) == []
    append_lines(path, b"{}\n")
    assert read_lines(path) == [b"{}"]


@pytest.fixture
def full_disk(monkeypatch):
    """Files take two bytes and then no more."""

    def write(file, content):
        file.write(memoryview(content)[:2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "_write_all", write)


@pytest.mark.parametrize("write", [append_lines, write_atomically])
def test_a_full_disk_leaves_the_file_as_it_was_and_names_it(tmp_path, full_disk, write):
    path = tmp_path / "file"
    path.write_bytes(b'{"a": 1}\n')
    with pytest.raises(OSError, match="No space left on device") as caught:
        write(path, b'{"b": 2}\n')
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b'{"a": 1}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_holds_the_content_keeps_its_time(tmp_path):
    path = tmp_path / "folder" / "file.txt"
    write_changed(path, "été\n")
    os.utime(path, (1, 1))
    write_changed(path, "été\n")
    write_changed(path, "été\n".encode())
    assert path.stat().st_mtime == 1
    write_changed(path, b"winter\n")
    assert path.read_bytes() == b"winter\n"
    assert path.stat().st_mtime > 1
    assert [each.name for each in path.parent.iterdir()] == ["file.txt"]


def test_a_digest_is_of_the_contents_or_of_names_too(tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1" * (1 << 24) + b"2")
    second.write_bytes(b"3")
    contents = first.read_bytes() + b"3"
    assert files_sha256([first, second]) == hashlib.sha256(contents).hexdigest()
    told = b"head" + b"a" + first.read_bytes() + b"b3"
    assert files_sha256([first, second], b"head", named=True) == hashlib.sha256(told).hexdigest()
    assert files_sha256([]) == hashlib.sha256().hexdigest()


def test_a_file_is_read_again_where_its_size_or_time_changed(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    one = files_sha256([path])
    monkeypatch.chdir(tmp_path)
    assert files_sha256([path.relative_to(tmp_path)]) == one
    path.write_bytes(b"two")
    os.utime(path, (1, 1))
    two = files_sha256([path])
    path.write_bytes(b"four")
    os.utime(path, (1, 1))
    assert [one, two, files_sha256([path])] == [
        hashlib.sha256(c).hexdigest() for c in (b"one", b"two", b"four")
    ]


def test_a_file_that_did_not_change_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    first = files_sha256([path])
    monkeypatch.setattr("builtins.open", None)
    assert files_sha256([path]) == first
