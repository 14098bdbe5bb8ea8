"""What compose.yaml and the Dockerfile promise, as far as it can be read in them.

tests/compose uses a real Docker; this notices at once when protections are removed.
"""

import re
from pathlib import Path

import pytest

COMPOSE = Path(__file__).parents[3] / "compose"

THAT_STAY = {"nginx", "gateway", "relay", "quick", "heavy", "postgres", "rabbitmq"}
THAT_END = {"secrets", "roles", "migrate", "operator"}
TOOLS = {"key", "reckoner"}
#: Of the profile `metrics`: one that stays, and one that ends.
METRICS = {"prometheus", "prometheus-key"}
ALL = THAT_STAY | THAT_END | TOOLS | METRICS


def blocks(text: str, indent: str) -> dict[str, str]:
    """Return the members of a YAML mapping that is indented so far, each as its text."""
    pieces = re.split(rf"^{indent}([\w-]+|<<):(?=\s)", text, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    text = re.sub(r"^\s*#.*\n", "", (COMPOSE / "compose.yaml").read_text(), flags=re.MULTILINE)
    return blocks(text, "")


@pytest.fixture(scope="module")
def services(sections) -> dict[str, dict[str, str]]:
    """Of each service its members, those of the anchors that it merges included."""
    anchors = {
        found[1]: blocks(text, "  ")
        for text in sections.values()
        if (found := re.match(r" &(\w+)\n", text))
    }
    return {
        name: merged(blocks(text, "    "), anchors)
        for name, text in blocks(sections["services"], "  ").items()
    }


def merged(members: dict[str, str], anchors: dict[str, dict[str, str]]) -> dict[str, str]:
    base = members.get("<<", "").strip().removeprefix("*")
    return {**merged(anchors[base], anchors), **members} if base else members


@pytest.fixture(scope="module")
def texts(services) -> dict[str, str]:
    """Of each service its text, with that of the anchors."""
    return {
        name: "\n".join(f"{member}:{text}" for member, text in members.items())
        for name, members in services.items()
    }


def test_these_are_the_services(services):
    assert services.keys() == ALL


@pytest.mark.parametrize("service", sorted(ALL))
def test_a_service_has_no_privilege_and_writes_no_file_of_its_image(services, service):
    members = services[service]
    assert members["read_only"].strip() == "true"
    assert members["cap_drop"].split("#")[0].strip() == "[ALL]"
    assert "no-new-privileges:true" in members["security_opt"]
    assert not {"privileged", "cap_add", "pid", "ipc", "userns_mode", "devices"} & members.keys()


@pytest.mark.parametrize("service", sorted(ALL))
def test_no_service_runs_as_root(services, service):
    user = services[service].get("user", "").strip()
    if "build" in services[service] or "RECKONER_IMAGE" in services[service]["image"]:
        assert user == ""  # the Dockerfile's
    else:
        users = {"nginx": "nginx", "rabbitmq": "rabbitmq", "prometheus": "nobody"}
        assert user == users.get(service, "postgres")


def test_the_image_runs_as_a_numbered_user():
    lines = (COMPOSE / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1] == "10001:10001"
    assert lines.index(f"USER {users[-1]}") > max(
        number for number, line in enumerate(lines) if line.startswith("FROM ")
    )


@pytest.mark.parametrize("service", sorted(THAT_STAY | {"prometheus"}))
def test_a_long_running_service_has_a_health_check_and_is_restarted(services, service):
    assert "test:" in services[service]["healthcheck"]
    assert services[service]["restart"].strip() == "unless-stopped"


@pytest.mark.parametrize("service", sorted(THAT_END | TOOLS | {"prometheus-key"}))
def test_a_one_shot_service_is_not_restarted(services, service):
    assert services[service]["restart"].strip() == '"no"'


def test_each_health_check_tests_what_its_service_does(services):
    asked = {name: members.get("healthcheck", "") for name, members in services.items()}
    assert "/health/ready" in asked["gateway"]
    assert "gateway.relay" in asked["relay"]
    assert "--check" in asked["relay"]
    for lane in ("quick", "heavy"):
        assert f'"workers.health", "{lane}"]' in asked[lane]


def test_only_nginx_and_the_pages_for_operators_are_published(services):
    published = {name for name, members in services.items() if "ports" in members}
    assert published == {"nginx", "rabbitmq", "prometheus"}
    assert re.findall(r"target: (\d+)", services["nginx"]["ports"]) == ["8080"]
    assert re.findall(r"target: (\d+)", services["rabbitmq"]["ports"]) == ["15672"]
    for service in ("rabbitmq", "prometheus"):
        assert "host_ip: 127.0.0.1" in services[service]["ports"]
    assert not any(
        "network_mode" in members for name, members in services.items() if name != "secrets"
    )


def test_calculations_cannot_reach_the_internet(sections, services):
    assert "internal: true" in blocks(sections["networks"], "  ")["backend"]
    for lane in ("quick", "heavy", "relay"):
        assert services[lane]["networks"].strip() == "[backend]"


@pytest.mark.parametrize(
    ("service", "seconds"), [("gateway", 76), ("nginx", 61), ("quick", 10), ("heavy", 10)]
)
def test_each_service_has_the_time_it_needs_to_stop(services, service, seconds):
    """A request may wait for 60 s, and gunicorn cuts off what is left after 75 s."""
    found = re.match(r"\s*(\d+)s", services[service]["stop_grace_period"])
    assert found is not None
    assert int(found[1]) >= seconds


def test_no_password_is_in_a_variable(texts):
    for name, text in texts.items():
        for variable in re.findall(r"(\w*PASSWORD\w*):", text):
            assert variable.endswith("_FILE"), (name, variable)
        assert not re.search(r"://\w+:[^@/\s]+@", text)


@pytest.mark.parametrize("service", sorted(ALL))
def test_each_service_has_a_limit_of_its_memory(services, service):
    limit = services[service]["mem_limit"].split("#")[0].strip()
    assert re.fullmatch(r"(\$\{RECKONER_\w+_MEMORY:-)?\d+[gm]\}?", limit)


def secrets_of(members: dict[str, str]) -> set[str]:
    return set(re.findall(r"- ([a-z-]+):/", members.get("volumes", ""))) - {
        *("postgres", "rabbitmq", "prometheus"),
    }


def test_each_service_sees_the_secrets_it_needs(services):
    """Whoever takes over a worker gets a role that changes rows, and queues of Reckoner's alone."""
    seen = {name: secrets_of(members) for name, members in services.items()}
    service = {"app-secret", "broker-secret"}
    assert {name: seen[name] for name in ("gateway", "relay", "quick", "heavy")} == dict.fromkeys(
        ("gateway", "relay", "quick", "heavy"), service
    )
    assert seen["migrate"] == {"database-secret"}
    assert seen["key"] == {"keys-secret"}
    assert seen["operator"] == {"keys-secret", "operator-key"}
    assert seen["prometheus-key"] == {"keys-secret", "prometheus-key"}
    assert seen["prometheus"] == {"prometheus-key"}
    assert seen["rabbitmq"] == {"broker-definitions"}
    assert seen["nginx"] == set()
    assert seen["roles"] == {"postgres-secret", "database-secret", "app-secret", "keys-secret"}


@pytest.mark.parametrize(
    ("service", "role"),
    [
        ("gateway", "reckoner_app"),
        ("heavy", "reckoner_app"),
        ("key", "reckoner_keys"),
        ("reckoner", "reckoner_app"),
    ],
)
def test_a_service_has_the_role_that_it_needs(texts, service, role):
    assert f"//{role}@postgres" in texts[service]


def test_only_migrations_own_the_tables(texts):
    assert {name for name, text in texts.items() if "//reckoner@postgres" in text} == {"migrate"}


def test_prometheus_runs_only_where_somebody_wants_it(services):
    with_profile = {name for name, members in services.items() if "profiles" in members}
    assert with_profile == TOOLS | METRICS
    for service in METRICS:
        assert services[service]["profiles"].strip() == "[metrics]"


def test_prometheus_reaches_neither_postgresql_nor_workers(services):
    assert services["prometheus"]["networks"].split("#")[0].strip() == "[frontend, management]"


def test_what_prometheus_keeps_is_bounded(services):
    for limit in ("retention.time", "retention.size"):
        assert f"--storage.tsdb.{limit}=" in services["prometheus"]["command"]


def test_prometheus_uses_a_name_of_the_gateway_that_it_answers_to(services, texts):
    config = (COMPOSE / "prometheus/prometheus.yml").read_text()
    [name] = re.findall(r'targets: \["(gateway[\w.]+):8081"\]', config)
    assert f"aliases: [{name}]" in services["gateway"]["networks"]
    allowed = re.findall(r"RECKONER_ALLOWED_HOSTS: (.*)", texts["gateway"])
    [alias] = re.findall(r"aliases: \[(nginx[\w.]+)\]", services["nginx"]["networks"])
    assert allowed == [f"${{RECKONER_ALLOWED_HOSTS:-localhost,127.0.0.1}},{name},{alias}"]


def test_commands_for_operators_have_the_rights_of_the_service_and_ask_nginx(services, texts):
    [url] = re.findall(r"RECKONER_URL: http://([\w.]+):8080", texts["reckoner"])
    assert f"aliases: [{url}]" in services["nginx"]["networks"]
    assert secrets_of(services["reckoner"]) == secrets_of(services["gateway"])
    assert services["reckoner"]["depends_on"].split("#")[0].strip() == "[]"


def test_keys_are_on_unless_somebody_says_otherwise():
    text = (COMPOSE / "compose.yaml").read_text()
    assert set(re.findall(r"RECKONER_KEYS: (.*)", text)) == {"${RECKONER_KEYS:-on}"}


def test_no_gateway_starts_before_the_operators_key_was_made(services):
    assert "operator:" in services["gateway"]["depends_on"]
    assert services["key"]["profiles"].strip() == "[tools]"


def test_administering_keys_starts_and_recreates_nothing(services):
    assert services["key"]["depends_on"].strip() == "[]"
    assert "migrate:" in services["operator"]["depends_on"]


@pytest.mark.parametrize("script", ["roles.sql", "20-passwords.sql"])
def test_no_password_goes_to_the_log_with_a_statement_that_fails_or_is_slow(script):
    before, _, _ = (COMPOSE / "postgres" / script).read_text().partition("ALTER ROLE")
    for setting in (
        "log_statement = 'none'",
        "log_min_duration_statement = -1",
        "log_min_error_statement = 'panic'",
    ):
        assert re.search(rf"^SET (LOCAL )?{setting};", before, re.MULTILINE)
