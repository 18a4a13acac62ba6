"""Files written only where they change."""

import os

from negjudge.data.durable import write_changed


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
