"""The folder of `make up`, while servers of an earlier run are still stopping in it."""

import os
import stat

from compose.state_folder import held


def test_a_file_that_goes_meanwhile_is_no_fault(tmp_path, monkeypatch):
    state = tmp_path / "var"
    state.mkdir()
    kept = state / "access.log"
    kept.write_text("")
    kept.chmod(0o644)
    walk = os.walk

    def walk_too_late(top):
        for folder, folders, files in walk(top):
            yield folder, folders, ["gone", *files]

    monkeypatch.setattr("os.walk", walk_too_late)
    with held(state):
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
