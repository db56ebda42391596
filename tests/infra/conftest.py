"""The production stage, synthesised once for every test of this folder."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# jsii starts Node when it is imported; the project's is in the virtual environment.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

Resource = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """Templates by the last part of their stack's name, and what cdk-nag had to say."""

    templates: dict[str, dict[str, Any]]
    report: dict[str, Any]
    applied: dict[str, int]
    """How many places each acknowledgement applied to."""

    def resources(self, kind: str, *stacks: str) -> Iterator[tuple[str, Resource]]:
        """Resources of a type with their place, `stack/logical id`."""
        for stack in stacks or self.templates:
            for logical_id, resource in self.templates[stack]["Resources"].items():
                if resource["Type"] == kind:
                    yield f"{stack}/{logical_id}", resource

    def properties(self, kind: str, *stacks: str) -> list[dict[str, Any]]:
        """Properties of every resource of a type."""
        return [resource.get("Properties", {}) for _, resource in self.resources(kind, *stacks)]

    def only(self, kind: str, *stacks: str) -> dict[str, Any]:
        """Properties of the one resource of a type."""
        (found,) = self.properties(kind, *stacks)
        return found


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synthesised]:
    """The production stage. What archives and images hold is tested without it: here they are one empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        yield _synthesised(tmp_path_factory, patch)


def _synthesised(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Synthesised:
    from aws_cdk import aws_ecs as ecs

    from infra.acknowledged import acknowledge
    from infra.app import build, new_app
    from infra.capacity import read_capacity
    from infra.constructs import media_service, python_function
    from infra.stacks import api
    from infra.stage import read_stage

    empty = tmp_path_factory.mktemp("empty")
    (empty / "nothing").touch()
    patch.setattr(python_function, "package_function", lambda module, extra: empty)
    patch.setattr(api, "layer_folder", lambda name, require: empty)
    patch.setattr(media_service.MediaService, "_image", lambda self: ecs.ContainerImage.from_registry("media"))
    folder = tmp_path_factory.mktemp("cdk")
    app, stage = new_app(folder), read_stage("prod")
    build(app, stage, read_capacity())
    applied = {f"{finding.rule} {finding.where}": places for finding, places in acknowledge(app, stage).items()}
    app.synth()
    templates = {
        path.name.removesuffix(".template.json").removeprefix(f"{stage.prefix}-"): json.loads(path.read_text())
        for path in folder.glob("*.template.json")
    }
    return Synthesised(templates, json.loads((folder / "validation-report.json").read_text()), applied)
