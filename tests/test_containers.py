"""What the containers may do, by the files that make them. tests/live runs their commands."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_nobodys_root_and_writes_only_where_it_says(name):
    service = SERVICES[name]

    assert service["user"].partition(":")[0] not in {"", "root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    # Folders of the machine would be neither limited nor backed up.
    assert {volume.partition(":")[0] for volume in service.get("volumes", [])} <= set(
        COMPOSE["volumes"]
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_limits_and_says_whether_it_is_well(name):
    service = SERVICES[name]

    assert {"cpus", "mem_limit", "pids_limit"} <= set(service)
    assert service["logging"]["options"]["max-size"]
    if name in {"prepare", "backup"}:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"][0] == "CMD"


def test_only_the_proxy_is_reached_from_outside_and_the_data_by_nobody():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert all(port.startswith("${PUBLISH_") for port in SERVICES["proxy"]["ports"])
    assert "data" not in SERVICES["proxy"]["networks"]
    assert SERVICES["database"]["networks"] == SERVICES["cache"]["networks"] == ["data"]
    assert COMPOSE["networks"]["data"]["internal"] is True


def test_the_application_has_the_backup_programs_of_the_databases_version():
    version = re.fullmatch(r"postgres:(\d+)-bookworm", SERVICES["database"]["image"])[1]

    assert f"postgresql-client-{version} " in DOCKERFILE
    # That is the version of this Debian.
    assert "FROM python:3.11-slim-bookworm AS app" in DOCKERFILE


def test_no_secret_has_a_default():
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        text = (ROOT / "docker-compose.yml").read_text()
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text


def test_every_setting_reaches_the_application():
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    settings = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    # The first two would open a public site, and the others name places inside.
    elsewhere = {"DEBUG", "OUTBOUND_MAY_BE_LOCAL", "MLMATH_VAR", "TEST_DATABASE_URL"}

    assert len(settings) > 15
    for name in ("web", "worker", "prepare"):
        assert settings - elsewhere <= set(SERVICES[name]["environment"])


def test_the_images_are_made_of_pinned_packages_and_run_as_nobody():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]

    assert [re.search(r" AS (\w+)", stage)[1] for stage in stages] == ["build", "app", "proxy"]
    assert "pip install --no-cache-dir --require-hashes -r" in stages[0]
    for stage in stages[1:]:
        assert re.search(r"^USER 10001:10001$", stage, re.MULTILINE)
    for name in ("runtime", "sentry"):
        pinned = (ROOT / f"requirements/{name}.txt").read_text()
        packages = re.findall(r"^[a-z][\w.-]*==\S+ \\\n {4}--hash", pinned, re.MULTILINE)
        assert len(packages) == len(re.findall(r"^[a-z]", pinned, re.MULTILINE)) > 20


def test_an_image_gets_what_it_is_made_of_and_no_more():
    copied = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE))
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}

    assert "*" in lines
    assert copied == let_in
    assert all((ROOT / path).exists() for path in copied)
    # What is at the top and stays out: tests, the local database and its key, git's history.
    assert not {"tests/", "var/", ".git/", "docs/"} & let_in
    assert any(fnmatch("mlmath/__pycache__/", line) for line in lines)
