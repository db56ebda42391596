"""What must not be lost or read: tables, buckets, queues, keys, secrets, people."""

import json
from typing import Any

import pytest

from infra.tables import TABLES, TableSpec
from tests.infra.conftest import Synthesised


def _table(production: Synthesised, spec: TableSpec) -> dict[str, Any]:
    tables = production.properties("AWS::DynamoDB::GlobalTable")
    (found,) = [table for table in tables if table["TableName"] == f"calls-prod-{spec.name}"]
    return found


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_tables_are_those_of_the_local_platform_but_encrypted_and_recoverable(
    production: Synthesised, spec: TableSpec
) -> None:
    table = _table(production, spec)
    keys = {index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
            for index in table.get("GlobalSecondaryIndexes", [])}  # fmt: skip
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["PK", "SK"]
    assert keys == {index.name: [index.partition_key, index.sort_key] for index in spec.indexes}
    assert table.get("TimeToLiveSpecification", {}).get("AttributeName") == spec.ttl_attribute
    assert ("StreamSpecification" in table) == spec.stream
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    (replica,) = table["Replicas"]
    assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] == spec.point_in_time_recovery
    assert replica.get("DeletionProtectionEnabled", False) == spec.point_in_time_recovery
    assert "Keys" in str(replica["SSESpecification"]["KMSMasterKeyId"])


def test_production_data_outlives_its_stack(production: Synthesised) -> None:
    for kind in ("AWS::DynamoDB::GlobalTable", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::Cognito::UserPool"):
        found = list(production.resources(kind))
        assert found
        assert {resource["DeletionPolicy"] for _, resource in found} == {"Retain"}, kind


def test_each_kind_of_data_has_a_key_that_is_renewed(production: Synthesised) -> None:
    aliases = {alias["AliasName"] for alias in production.properties("AWS::KMS::Alias")}
    assert aliases == {f"alias/calls-prod-{kind}" for kind in ("records", "recordings", "secrets", "operations")}
    for key in production.properties("AWS::KMS::Key"):
        assert key["EnableKeyRotation"] is True


def test_nobody_but_iam_and_what_must_encrypt_is_named_by_a_key(production: Synthesised) -> None:
    """An open principal in a key's policy would undo every role's limits."""
    for key in production.properties("AWS::KMS::Key"):
        for statement in key["KeyPolicy"]["Statement"]:
            assert statement["Principal"] != "*"
            if "AWS" not in statement["Principal"] and statement["Principal"]["Service"] != "events.amazonaws.com":
                assert statement["Condition"]


def test_buckets_are_private_encrypted_and_speak_tls_only(production: Synthesised) -> None:
    buckets = dict(production.resources("AWS::S3::Bucket"))
    assert len(buckets) == 4
    closed = {"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"}
    for place, bucket in buckets.items():
        properties = bucket["Properties"]
        assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(closed, True), place
        assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], place
        assert properties["BucketEncryption"], place
        if "AccessLogs" not in place:
            assert properties["LoggingConfiguration"], place
    policies = production.properties("AWS::S3::BucketPolicy")
    assert len(policies) == len(buckets)
    for policy in policies:
        denied = [s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        conditions = json.dumps([s["Condition"] for s in denied])
        assert '{"Bool": {"aws:SecureTransport": "false"}}' in conditions
        assert '"s3:TlsVersion": 1.2' in conditions
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or statement["Principal"] not in ("*", {"AWS": "*"})


def test_recordings_are_under_their_own_key(production: Synthesised) -> None:
    (bucket,) = [b for b in production.properties("AWS::S3::Bucket", "data") if "BucketName" in b]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "Recordings" in str(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
    rules = {r.get("Prefix"): r for r in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["segments/"]["ExpirationInDays"] == 30
    assert rules["recordings/"]["ExpirationInDays"] == 3650
    assert "prompts/" not in rules


def test_queues_are_encrypted_and_keep_what_could_not_be_handled(production: Synthesised) -> None:
    queues = {queue["QueueName"]: queue for queue in production.properties("AWS::SQS::Queue")}
    working = {name for name in queues if not name.endswith("-dead")}
    wanted = ("call-ended", "place-call", "render-prompts", "whatsapp-offers")
    assert working == {f"calls-prod-{name}" for name in wanted}
    for name, queue in queues.items():
        assert "Records" in str(queue["KmsMasterKeyId"]), name
        if name in working:
            assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
        else:
            assert queue["MessageRetentionPeriod"] == 14 * 86_400
    # An offer that nobody took in time is a call that has stopped ringing.
    assert queues["calls-prod-whatsapp-offers"]["MessageRetentionPeriod"] == 120
    assert len(production.properties("AWS::SQS::QueuePolicy")) == len(queues)


def test_a_worker_has_time_for_its_messages(production: Synthesised) -> None:
    """Lambda's advice: six times the function's timeout, or messages are handled twice at once."""
    functions = {f["FunctionName"]: f["Timeout"] for f in production.properties("AWS::Lambda::Function")}
    queues = {queue["QueueName"]: queue for queue in production.properties("AWS::SQS::Queue")}
    for name in ("call-ended", "place-call", "render-prompts"):
        worker = {"call-ended": "close-call"}.get(name, name)
        assert queues[f"calls-prod-{name}"]["VisibilityTimeout"] >= 6 * functions[f"calls-prod-{worker}"]
    mappings = production.properties("AWS::Lambda::EventSourceMapping")
    assert len(mappings) == 3
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_secrets_are_in_secrets_manager_and_no_template_holds_one(production: Synthesised) -> None:
    secrets = production.properties("AWS::SecretsManager::Secret")
    assert {secret["Name"] for secret in secrets} == {"calls-prod/providers", "calls-prod/origin"}
    for secret in secrets:
        assert secret["KmsKeyId"]
        assert "SecretString" not in secret
    (container,) = production.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert {entry["Name"] for entry in container["Secrets"]} == {"OPENAI_API_KEY", "GEMINI_API_KEY"}
    assert not {entry["Name"] for entry in container["Environment"]} & {"OPENAI_API_KEY", "GEMINI_API_KEY"}


def test_people_can_choose_neither_company_nor_role(production: Synthesised) -> None:
    pool = production.only("AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    (company,) = [attribute for attribute in pool["Schema"] if attribute["Name"] == "company_id"]
    assert company["Mutable"] is False
    client = production.only("AWS::Cognito::UserPoolClient")
    assert client["WriteAttributes"] == ["name"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    groups = {group["GroupName"] for group in production.properties("AWS::Cognito::UserPoolGroup")}
    assert groups == {"chatapp.master_admin", "company_admin", "support_agent"}
