"""What is deployed: parsed as its builders do, held against its schema, and hardened in every part."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from shutil import which

import pytest
import yaml

from dockerfile_steps import ROOT, health_check, of, one, pairs, stages, steps
from tollhouse import __version__
from tollhouse.accounting.books import CLOSE_S
from tollhouse.cli import app as command_line
from tollhouse.config.load import load
from tollhouse.config.tree import Server
from tollhouse.web.serve import CANCEL_GRACE_S

BUILD, FINAL = stages()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: Mapping[str, Mapping[str, object]] = COMPOSE["services"]
UNIT = ROOT / "deploy" / "tollhouse.service"
SAMPLE = ROOT / "deploy" / "tollhouse.yaml"
STOP_S = Server().drain_ms / 1000 + CANCEL_GRACE_S + CLOSE_S
"""A server needs so long in the worst case between SIGTERM and its exit."""
EXPOSURE_MAX = 2.0
"""Of ten, as `systemd-analyze security` counts; below it calls a service OK."""


# --- the image ------------------------------------------------------------------------------------------------------


def test_everything_is_installed_by_hash_and_from_wheels() -> None:
    commands = [part for step in of("RUN", BUILD) for part in step.words[0].split("&&") if " install " in part]
    ours = [part for part in commands if part.rstrip().endswith("dist/*.whl")]

    assert len(commands) == 4
    assert all("--no-deps" in part and "--offline" in part for part in ours)
    for part in set(commands) - set(ours):
        assert "--require-hashes" in part
        assert "--only-binary :all:" in part


def test_the_image_is_built_with_the_backend_that_the_project_names() -> None:
    (backend,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]

    assert any(backend in step.words[0] for step in of("RUN", BUILD))


def test_the_image_has_the_extras_that_a_server_may_need() -> None:
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    installed = {name for step in of("RUN", BUILD) for name in re.findall(r"--extra (\w+)", step.words[0])}

    assert installed == extras - {"testing"}


def test_the_process_is_nobody_started_without_a_shell_and_stopped_by_sigterm() -> None:
    user, group = one("USER", FINAL).words[0].split(":")

    assert int(user) == int(group) >= 10_000
    assert one("STOPSIGNAL", FINAL).words == ("SIGTERM",)
    for command in ("ENTRYPOINT", "CMD"):
        assert one(command, FINAL).is_json
    assert one("ENTRYPOINT", FINAL).words == ("tollhouse",)
    assert one("CMD", FINAL).words[0] in command_line._COMMANDS
    assert FINAL.index(one("USER", FINAL)) > max(FINAL.index(step) for step in (*of("RUN", FINAL), *of("COPY", FINAL)))


def test_the_health_check_needs_nothing_but_python() -> None:
    assert health_check(FINAL)[0] == "python"
    assert "/healthz" in health_check(FINAL)[-1]


def test_the_label_names_this_version() -> None:
    assert pairs(one("LABEL", FINAL))["org.opencontainers.image.version"] == __version__
    assert SERVICES["gateway"]["image"] == f"tollhouse:{__version__}"


def test_nothing_names_a_registry_or_fetches_from_one_unasked() -> None:
    for step in steps():
        text = " ".join(step.words)
        assert step.command != "ADD"
        assert "index" not in text
        assert re.findall(r"https?://(?!127\.0\.0\.1)", text) == [], f"line {step.line}"
        assert not re.search(r"\b(curl|wget|apt|apt-get)\b", text), f"line {step.line}"
    (image,) = [step.words[0].partition("=")[2] for step in steps() if step.command == "ARG"]
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", image)


def test_the_builder_is_sent_what_is_copied_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = {word for step in of("COPY", BUILD) for word in step.words[:-1]}

    assert "*" in lines
    assert copied == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert not any(fnmatch(".env", name) for name in let_in)


# --- the services ---------------------------------------------------------------------------------------------------


def test_the_compose_file_follows_its_schema() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    checked = subprocess.run(
        [*checker, str(ROOT / "compose.yaml")], capture_output=True, text=True, timeout=60, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened_and_bounded(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(str(service["user"]).partition(":")[0]) > 0
    assert {"cap_add", "privileged", "network_mode", "pid"} & set(service) == set()
    limits = COMPOSE["services"][name]["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert not str(service["image"]).endswith(":latest")
    assert "healthcheck" in service or name == "gateway"


def test_only_the_gateway_can_be_reached_and_only_from_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"gateway": ["127.0.0.1:8088:8088"]}
    assert all(service["networks"] == ["inside"] for name, service in SERVICES.items() if name != "gateway")
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_the_gateway_starts_after_what_it_needs_is_well_and_is_given_time_to_stop() -> None:
    gateway = COMPOSE["services"]["gateway"]

    others = set(SERVICES) - {"gateway"}
    assert gateway["depends_on"] == {name: {"condition": "service_healthy"} for name in others}
    assert float(gateway["stop_grace_period"].removesuffix("s")) > STOP_S
    assert gateway["user"] == one("USER", FINAL).words[0]


def test_the_sample_configuration_loads_with_the_secrets_that_are_mounted(tmp_path: Path) -> None:
    mounted = set(COMPOSE["services"]["gateway"]["secrets"])
    text = SAMPLE.read_text()
    used = set(re.findall(r"\$\{file:/run/secrets/(\w+)\}", text))
    for name in used:
        (tmp_path / name).write_text("A" * 43 + "=\n")
    (tmp_path / "tollhouse.yaml").write_text(text.replace("/run/secrets", str(tmp_path)))

    loaded = load(tmp_path / "tollhouse.yaml", {})

    assert used == mounted == set(COMPOSE["secrets"])
    assert (loaded.database or "").startswith("postgresql://tollhouse:AAAA")
    assert one("VOLUME", FINAL).words == (str(loaded.data_path),)
    assert f"journals:{loaded.data_path}" in COMPOSE["services"]["gateway"]["volumes"]
    assert one("CMD", FINAL).words[2] == "/etc/tollhouse/tollhouse.yaml"


# --- the unit -------------------------------------------------------------------------------------------------------


def unit() -> dict[str, str]:
    return dict(line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line and line[0] not in "#[")


def test_the_unit_starts_a_command_that_exists_and_is_given_time_to_stop() -> None:
    settings = unit()

    assert settings["ExecStart"].split()[1] in command_line._COMMANDS
    assert float(settings["TimeoutStopSec"]) > STOP_S
    assert settings["KillSignal"] == "SIGTERM"


def test_the_unit_is_hardened() -> None:
    settings = unit()

    assert settings["ProtectSystem"] == "strict"
    assert settings["StateDirectory"] == "tollhouse"
    assert settings["CapabilityBoundingSet"] == ""
    assert set(settings["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}
    for name in ("NoNewPrivileges", "MemoryDenyWriteExecute", "PrivateTmp", "ProtectHome"):
        assert settings[name] == "yes"


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd-analyze, of Debian's systemd, is not here")
def test_systemd_understands_the_unit_and_finds_it_little_exposed(tmp_path: Path) -> None:
    there = tmp_path / UNIT.name
    there.write_text(UNIT.read_text().replace("/opt/tollhouse/bin/tollhouse", sys.executable))

    verified = analyze("verify", "--man=no", str(there))
    security = analyze("security", "--offline=true", str(there))

    assert (verified.returncode, verified.stderr) == (0, "")
    exposure = re.search(r"Overall exposure level for tollhouse\.service: ([\d.]+)", security.stdout)
    assert exposure is not None, security.stderr
    assert float(exposure[1]) <= EXPOSURE_MAX


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this lock on memory")
def test_the_house_works_where_no_memory_is_both_written_and_executed(tmp_path: Path) -> None:
    """The kernel's own lock (PR_SET_MDWE, Linux 6.3), which is inherited; systemd's forbids the same."""
    locked = (
        "import ctypes, os, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(99)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'tollhouse', 'demo', '--exit', '--json'])\n"
    )

    shown = subprocess.run(
        [sys.executable, "-c", locked], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )

    if shown.returncode == 99:
        pytest.skip("this kernel has no such lock")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["ok"] is True


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)
