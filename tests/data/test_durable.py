"""Files written only where they change, and read for their digest once."""

import hashlib
import os

from negjudge.data.durable import files_sha256, write_changed


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
