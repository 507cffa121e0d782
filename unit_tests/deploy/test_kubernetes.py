"""What the schemas of Kubernetes (`make dbt-rules`) do not see: names that must agree, and commands that there are."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from freshbooks_hub.cli.main import command

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = [
    document
    for path in sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]


def of_kind(kind: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


def pods() -> Iterator[dict[str, Any]]:
    for one in of_kind("StatefulSet").values():
        yield one["spec"]["template"]
    for one in of_kind("CronJob").values():
        yield one["spec"]["jobTemplate"]["spec"]["template"]


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods():
        yield from pod["spec"]["containers"]


def test_every_container_runs_this_version_with_a_command_that_there_is() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for container in containers():
        assert container["image"] == f"freshbooks:{version}"
        found: Any = command()
        words = list(container["args"])
        while words and words[0] in getattr(found, "commands", {}):
            found = found.commands[words.pop(0)]
        assert found is not command(), container["args"]
        options = {
            name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in words if word.startswith("--")} <= options


def test_a_back_up_mounts_the_volume_of_the_worker_on_whose_node_it_runs() -> None:
    [(worker, one)] = of_kind("StatefulSet").items()
    [claim] = one["spec"]["volumeClaimTemplates"]
    backup = of_kind("CronJob")["backup-freshbooks-0"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    claims = {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in backup["volumes"]
        if "persistentVolumeClaim" in volume
    }
    assert claims == {f"{claim['metadata']['name']}-{worker}-0", *of_kind("PersistentVolumeClaim")}
    [near] = backup["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert near["labelSelector"]["matchLabels"] == {"statefulset.kubernetes.io/pod-name": f"{worker}-0"}


def test_selectors_find_the_workers_and_no_other_pods() -> None:
    [worker] = of_kind("StatefulSet").values()
    labels = worker["spec"]["template"]["metadata"]["labels"]
    service, budget = of_kind("Service")["freshbooks"], of_kind("PodDisruptionBudget")["freshbooks"]
    assert service["spec"]["selector"] == labels == worker["spec"]["selector"]["matchLabels"]
    assert budget["spec"]["selector"]["matchLabels"] == labels
    assert worker["spec"]["serviceName"] == service["metadata"]["name"]
    assert [pod for pod in pods() if (pod.get("metadata") or {}).get("labels") == labels] == [
        worker["spec"]["template"]
    ]


@pytest.mark.parametrize("pod", pods(), ids=lambda pod: pod["spec"]["containers"][0]["name"])
def test_every_volume_is_there_and_the_image_is_not_written(pod: dict[str, Any]) -> None:
    claims = [
        claim["metadata"]["name"]
        for one in of_kind("StatefulSet").values()
        if one["spec"]["template"] is pod
        for claim in one["spec"]["volumeClaimTemplates"]
    ]
    volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])} | set(claims)
    for container in pod["spec"]["containers"]:
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert pod["spec"]["automountServiceAccountToken"] is False
