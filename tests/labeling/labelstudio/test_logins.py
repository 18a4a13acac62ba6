"""Logins are kept, for their owner alone."""

import stat

import pytest

from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.logins import keep_logins


def test_logins_are_the_owners_alone_and_stay(tmp_path):
    first = keep_logins(tmp_path, ["anna"])
    second = keep_logins(tmp_path, ["anna", "ben"])
    path = tmp_path / "logins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second.token == first.token
    assert second.passwords.items() > first.passwords.items()
    assert len(set(second.passwords.values())) == 3
    assert not any(secret in repr(second) for secret in (second.token, *second.passwords.values()))
    path.write_text("{}")
    with pytest.raises(NegjudgeError, match="is damaged"):
        keep_logins(tmp_path, ["anna"])
