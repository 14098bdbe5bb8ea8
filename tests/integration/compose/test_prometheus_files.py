"""promtool accepts Prometheus' configuration and rules, and the rules do what their tests say."""

import shutil
import subprocess
from pathlib import Path

import pytest

PROMETHEUS = Path(__file__).parents[3] / "compose/prometheus"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the folder whose configuration names a key's file that exists."""
    folder = tmp_path / "prometheus"
    shutil.copytree(PROMETHEUS, folder)
    key = tmp_path / "key"
    key.write_text("rk_\n")
    config = folder / "prometheus.yml"
    text = config.read_text()
    assert "/run/secrets/prometheus/key" in text
    config.write_text(text.replace("/run/secrets/prometheus/key", str(key)))
    return folder


def promtool(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)


def test_the_configuration_is_valid_with_all_its_rules(folder):
    done = promtool("check", "config", "--lint-fatal", folder / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(list(folder.glob('rules/*.yml')))} rule files found" in done.stdout


@pytest.mark.slow
def test_alerts_fire_and_keep_silent_as_their_tests_say():
    done = promtool("test", "rules", *sorted(PROMETHEUS.glob("tests/*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_targets_of_an_operator_are_found(folder):
    """A file in the folder `targets` is enough, as docs/monitoring.md says."""
    (folder / "targets" / "own.yml").write_text(
        '- targets: ["postgres-exporter:9187"]\n  labels: {job: postgres}\n'
    )
    config = folder / "prometheus.yml"
    found = promtool("check", "service-discovery", "--timeout=1s", config, "others")
    assert '"job": "postgres"' in found.stdout, found.stdout + found.stderr
