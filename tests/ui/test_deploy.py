"""What deploy/ says fits what the program knows: settings, addresses, times."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.config import Config
from ui.health import router

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(DEPLOY.glob("*.yaml"))


def documents(name: str) -> list[Any]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def kubernetes(kind: str) -> Any:
    (found,) = (d for d in documents("kubernetes.yaml") if d["kind"] == kind)
    return found["spec"]


@pytest.mark.parametrize("path", [*FILES, DEPLOY / "Dockerfile"], ids=lambda path: path.name)
def test_every_setting_is_one(path: Path) -> None:
    named = set(re.findall(r"FRONTDESK_([A-Z_]+)", path.read_text(encoding="utf-8")))
    assert named
    assert {name.lower() for name in named} <= set(Config.model_fields)


def test_the_values_of_the_compose_file_make_a_valid_configuration() -> None:
    service = documents("compose.yaml")[0]["services"]["frontdesk"]
    values = {k.removeprefix("FRONTDESK_").lower(): v for k, v in service["environment"].items()}
    assert Config(**values).generator == "chat_model"


def test_the_probes_ask_for_what_there_is() -> None:
    (container,) = kubernetes("Deployment")["template"]["spec"]["containers"]
    routes = {route.path for route in router.routes}  # type: ignore[attr-defined]
    probes = [probe for key, probe in container.items() if key.endswith("Probe")]
    assert len(probes) == 3
    port = Config.model_fields["port"].default
    assert {probe["httpGet"]["port"] for probe in probes} == {port}
    assert {probe["httpGet"]["path"] for probe in probes} <= routes
    assert kubernetes("Service")["ports"][0]["targetPort"] == port


def test_a_copy_gets_the_time_to_finish_its_answers() -> None:
    seconds = Config.model_fields["shutdown_seconds"].default
    pod = kubernetes("Deployment")["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > seconds
    compose = documents("compose.yaml")[0]["services"]["frontdesk"]
    assert int(compose["stop_grace_period"].removesuffix("s")) > seconds


def test_the_image_holds_all_that_is_installed() -> None:
    import tomllib

    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert set(packages) <= set(copied)


def test_the_ray_file_serves_the_model_under_the_name_that_frontdesk_asks_for() -> None:
    (application,) = documents("ray-serve.yaml")[0]["applications"]
    (model,) = application["args"]["llm_configs"]
    compose = documents("compose.yaml")[0]["services"]["frontdesk"]["environment"]
    assert compose["FRONTDESK_MODEL"] == f"openai:{model['model_loading_config']['model_id']}"
