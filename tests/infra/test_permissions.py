"""Least privilege: every grant is by action and by resource, and no more than the code behind it can use."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.package.functions import ROOT, own_modules
from infra.workflows.definitions import AFTER_CALL
from tests.infra.conftest import Synthesised

WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Of a state machine: its log and its traces."""
IMPLIED = {
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "s3:AbortMultipartUpload",
}
"""Reading and changing are granted as groups: a transaction needs the actions of its parts."""
FUNCTIONS = {
    "PublicApi": "functions.public_api.handler",
    "AdminApi": "functions.admin_api.handler",
    "Webhooks": "functions.webhooks.handler",
    "OriginGuard": "functions.origin_guard.handler",
    "CloseCall": "functions.workers.close_call",
    "PlaceCall": "functions.workers.place_call",
    "RenderPrompts": "functions.workers.render_prompts",
    "ReapCalls": "functions.schedules.reap_calls",
    "MeasureCalls": "functions.schedules.measure_calls",
    "Retention": "functions.schedules.retention",
    **{
        "AfterCall" + "".join(part.capitalize() for part in step.split("_")): f"functions.workflows.{step}"
        for step in AFTER_CALL.functions.values()
    },
}
MAY_OPEN_SECRETS = {"AdminApi", "Webhooks", "PlaceCall", "AfterCallNotifyCompany", "AfterCallMessageCaller"}
MAY_ASK_PROVIDERS = {"AdminApi", "RenderPrompts", "AfterCallSummariseCall"}
BY_THE_RUNTIME = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "secretsmanager:DescribeSecret",
}
"""What Lambda itself does in the function's name."""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(production: Synthesised) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, resource in production.resources("AWS::IAM::Policy"):
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
            yield place, statement


def _actions(production: Synthesised, construct: str) -> set[str]:
    found = set()
    for place, statement in _statements(production):
        if place.split("/")[1].startswith(f"{construct}Role"):
            found |= set(_list(statement["Action"]))
    return found


def _called(module: str) -> set[str]:
    """Every method that the module and what it imports of ours calls, as the action it would be."""
    names = set()
    for name in own_modules(module):
        path = ROOT.joinpath(*name.split("."))
        tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())
        names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        names |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    return {"".join(part.capitalize() for part in name.split("_")) for name in names}


def test_no_statement_allows_every_action_or_every_resource(production: Synthesised) -> None:
    statements = list(_statements(production))
    assert len(statements) > 50
    for place, statement in statements:
        actions = _list(statement["Action"])
        assert not [action for action in actions if "*" in action], place
        if "*" in _list(statement["Resource"]):
            assert set(actions) <= WITHOUT_RESOURCE, place


def test_no_role_has_a_managed_policy(production: Synthesised) -> None:
    for place, role in production.resources("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role["Properties"], place


@pytest.mark.parametrize(("construct", "module"), FUNCTIONS.items())
def test_a_function_may_do_only_what_its_code_can_do(production: Synthesised, construct: str, module: str) -> None:
    granted = _actions(production, construct)
    assert granted, construct
    called = _called(module)
    extra = {
        action
        for action in granted - IMPLIED - BY_THE_RUNTIME
        if not action.startswith("kms:") and not _used(action, called)
    }
    assert not extra


def _used(action: str, called: set[str]) -> bool:
    name = action.split(":")[1]
    aliases = {
        "ListBucket": ("ListObjectsV2",),
        "DeleteObject": ("DeleteObjects", "DeleteObject"),
        "PutObject": ("PutObject", "CreateMultipartUpload"),
        "DeleteItem": ("DeleteItem", "Delete"),
    }
    return any(alias in called for alias in aliases.get(name, (name,)))


@pytest.mark.parametrize("construct", FUNCTIONS)
def test_only_who_must_opens_companies_credentials_or_providers_keys(production: Synthesised, construct: str) -> None:
    secrets_key, opens, asks = _key(production, "secrets"), False, False
    for place, statement in _statements(production):
        if not place.split("/")[1].startswith(f"{construct}Role") or secrets_key not in str(statement["Resource"]):
            continue
        opens |= "ForAllValues:StringEquals" in statement["Condition"]
        asks |= "kms:EncryptionContext:SecretARN" in statement["Condition"].get("StringEquals", {})
    assert opens == (construct in MAY_OPEN_SECRETS)
    assert asks == (construct in MAY_ASK_PROVIDERS)


def test_only_retention_and_administration_delete_items_and_only_retention_deletes_calls(
    production: Synthesised,
) -> None:
    deleting = {
        (place.split("/")[1].split("Role")[0], table)
        for place, statement in _statements(production)
        if "dynamodb:DeleteItem" in _list(statement["Action"])
        for table in ("Core", "Calls", "Live", "Ledger", "Idempotency")
        if f"{table}Table" in str(statement["Resource"])
    }
    assert deleting == {("AdminApi", "Core"), ("AdminApi", "Idempotency"), ("Retention", "Calls")}


def test_the_state_machine_calls_its_steps_and_is_started_by_one_function(production: Synthesised) -> None:
    invoking = [
        statement
        for place, statement in _statements(production)
        if place.split("/")[1].startswith("AfterCallRole") and "lambda:InvokeFunction" in _list(statement["Action"])
    ]
    assert sum(len(_list(statement["Resource"])) for statement in invoking) == len(AFTER_CALL.functions)
    starting = [
        place.split("/")[1]
        for place, statement in _statements(production)
        if "states:StartExecution" in _list(statement["Action"])
    ]
    assert len(starting) == 1 and starting[0].startswith("CloseCallRole")


def _key(production: Synthesised, kind: str) -> str:
    """The logical id of a key's output or resource, as other stacks name it."""
    for _, resource in production.resources("AWS::KMS::Alias"):
        if resource["Properties"]["AliasName"] == f"alias/calls-prod-{kind}":
            return re.sub(r"[^A-Za-z0-9]", "", str(resource["Properties"]["TargetKeyId"]["Fn::GetAtt"][0]))
    raise AssertionError(kind)


def test_keys_are_used_only_through_a_service_or_in_the_context_of_a_companys_secret(production: Synthesised) -> None:
    seen = 0
    for place, statement in _statements(production):
        if not any(action.startswith("kms:") for action in _list(statement["Action"])):
            continue
        seen += 1
        condition: Mapping[str, Any] = statement["Condition"]
        if "ForAllValues:StringEquals" in condition:
            names = ["company", "account", "field"]
            assert condition["ForAllValues:StringEquals"] == {"kms:EncryptionContextKeys": names}, place
            assert condition["Null"] == {f"kms:EncryptionContext:{name}": "false" for name in names}, place
            assert set(_list(statement["Action"])) <= {"kms:Decrypt", "kms:Encrypt"}, place
        else:
            equals = condition["StringEquals"]
            assert "kms:ViaService" in equals, place
            described = _list(statement["Action"]) == ["kms:DescribeKey"]
            assert described or any("EncryptionContext" in name for name in equals), place
    assert seen > 20


def test_the_ledger_is_append_only(production: Synthesised) -> None:
    """The audit trail stands in it: no role may change or delete what is there."""
    seen = 0
    for place, statement in _statements(production):
        if "LedgerTable" in str(statement["Resource"]):
            seen += 1
            allowed = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
            assert set(_list(statement["Action"])) <= allowed, place
    assert seen >= 2


def test_a_media_process_may_ask_to_be_spared_in_its_own_cluster_only(production: Synthesised) -> None:
    found = [s for _, s in _statements(production) if "ecs:UpdateTaskProtection" in _list(s["Action"])]
    assert len(found) == 1
    assert set(found[0]["Action"]) == {"ecs:GetTaskProtection", "ecs:UpdateTaskProtection"}
    assert "task/calls-prod/*" in str(found[0]["Resource"])


def test_cdk_nag_found_nothing_that_is_not_acknowledged(production: Synthesised) -> None:
    for report in production.report["pluginReports"]:
        assert not report.get("violations"), report
    unused = [finding for finding, places in production.applied.items() if places == 0]
    assert not unused


def test_cdk_nag_ends_the_synthesis_of_what_is_not_acknowledged() -> None:
    import aws_cdk as cdk
    from aws_cdk import aws_s3 as s3
    from cdk_nag import AwsSolutionsChecks

    app = cdk.App()
    s3.Bucket(cdk.Stack(app, "Careless"), "Open")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()
