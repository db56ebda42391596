"""Which stacks exist: `cdk synth -c stage=dev`. Deployments add `-c deploy=yes`, so that nothing is left out of them.

Needs neither credentials, Docker nor network to synthesise.
"""

import json
import os
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infra.acknowledged import acknowledge
from infra.capacity import Capacity, read_capacity
from infra.stacks.api import ApiStack
from infra.stacks.data import DataStack
from infra.stacks.identity import IdentityStack
from infra.stacks.media import MediaStack
from infra.stacks.observability import ObservabilityStack
from infra.stacks.web import WebStack
from infra.stacks.workflows import WorkflowsStack
from infra.stage import Stage, read_stage

CDK_JSON = Path(__file__).parents[1] / "cdk.json"


class Platform:
    """Every stack of one stage."""

    def __init__(self, app: cdk.App, stage: Stage, capacity: Capacity, *, deploy: bool) -> None:
        def called(what: str) -> str:
            return f"{stage.prefix}-{what}"

        self.data = DataStack(app, called("data"), stage)
        self.identity = IdentityStack(app, called("identity"), stage)
        self.api = ApiStack(app, called("api"), stage, self.data, self.identity, require_layers=deploy)
        self.workflows = WorkflowsStack(app, called("workflows"), stage, self.data, self.api.house)
        self.media = MediaStack(app, called("media"), stage, self.data, capacity)
        self.web = WebStack(app, called("web"), stage, self.api, self.data)
        self.observability = ObservabilityStack(
            app, called("observability"), stage, self.data, self.api, self.workflows, self.media, capacity
        )
        self.stacks = (
            self.data, self.identity, self.api, self.workflows, self.media, self.web, self.observability,
        )  # fmt: skip
        cdk.Tags.of(app).add("stage", stage.name)
        cdk.Tags.of(app).add("product", "calls")


def build(app: cdk.App, stage: Stage, capacity: Capacity, *, deploy: bool = False) -> Platform:
    """Add a stage to an app, checked by cdk-nag; what it finds and is not acknowledged ends the synthesis."""
    platform = Platform(app, stage, capacity, deploy=deploy)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    acknowledge(app, stage)
    return platform


def new_app(folder: Path | None = None) -> cdk.App:
    """An app with the feature flags of cdk.json, which otherwise only the CDK command reads."""
    context = json.loads(CDK_JSON.read_text())["context"]
    return cdk.App(context=context, outdir=None if folder is None else str(folder))


def main() -> None:
    """Entry of the CDK command."""
    app = new_app()
    stage = read_stage(str(app.node.try_get_context("stage") or os.environ.get("STAGE", "dev")))
    build(app, stage, read_capacity(), deploy=app.node.try_get_context("deploy") == "yes")
    app.synth()


if __name__ == "__main__":
    main()
