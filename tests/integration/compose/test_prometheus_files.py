"""promtool accepts Prometheus' configuration and rules, and the rules do what their tests say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROMETHEUS = ROOT / "compose/prometheus"
PAGE = (ROOT / "docs/how-to/monitoring.md").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the folder, without what an operator has added, and with a key's file."""
    folder = tmp_path / "prometheus"
    shutil.copytree(PROMETHEUS, folder, ignore=shutil.ignore_patterns("own"))
    (folder / "own").mkdir()
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
def test_what_an_operator_adds_is_found(folder):
    """Files in the folder `own` are enough, as docs/how-to/monitoring.md says."""
    own = folder / "own"
    (own / "targets.yml").write_text(
        '- targets: ["postgres-exporter:9187"]\n  labels: {job: postgres}\n'
    )
    (own / "alertmanagers.yml").write_text('- targets: ["alertmanager.example.org:9093"]\n')
    shutil.copy(folder / "rules/storage.yml", own / "rules.yml")
    config = folder / "prometheus.yml"
    checked = promtool("check", "config", "--lint=none", config)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"Checking {own / 'rules.yml'}" in checked.stdout
    found = promtool("check", "service-discovery", "--timeout=1s", config, "others")
    assert '"job": "postgres"' in found.stdout, found.stdout + found.stderr


def test_the_configurations_in_the_documents_are_valid(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    jobs = [f"scrape_configs:\n{block}" for block in blocks if block.startswith("  - job_name")]
    whole = [block for block in blocks if re.match("rule_files|alerting", block)]
    assert len(jobs) + len(whole) == 3
    for number, text in enumerate(jobs + whole):
        config = tmp_path / f"{number}.yml"
        config.write_text(text)
        done = promtool("check", "config", "--syntax-only", config)
        assert done.returncode == 0, text + done.stdout + done.stderr


def test_the_queries_in_the_documents_are_valid(tmp_path):
    queries = re.findall(
        r"^\| [^|]+ \| `(.+)` \|$", PAGE.partition("## Questions")[2], re.MULTILINE
    )
    assert len(queries) > 5
    rules = "".join(f"      - {{record: x, expr: '{query}'}}\n" for query in queries)
    file = tmp_path / "rules.yml"
    file.write_text(f"groups:\n  - name: x\n    rules:\n{rules}")
    done = promtool("check", "rules", "--lint=none", file)
    assert done.returncode == 0, done.stdout + done.stderr
