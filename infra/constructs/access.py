"""Who may do what to which data: every grant of the platform is one of these, action by action.

Invariant: no grant names `*` as action. Keys may be used only through the service that holds the data, and only in the
encryption context of the very table, queue or bucket.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from infra.constructs.storage import StoredObjects, StoredTable

READ = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query")
CHANGE = ("dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
DELETE = ("dynamodb:DeleteItem",)
BATCH = ("dynamodb:BatchWriteItem",)
APPEND = ("dynamodb:PutItem",)
_USE_KEY = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)
READ_AND_RENDER = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")
"""Upon rendered sentences."""
_RECEIVE = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
SECRET_CONTEXT = ["company", "account", "field"]
"""The keys of the encryption context of companies' secrets: see shared.adapters.aws.secrets."""


def items(who: iam.IGrantable, table: StoredTable, *actions: Sequence[str]) -> None:
    """Allow actions upon a table's items, and reading its indexes where reading is among them."""
    wanted, made = sorted({action for group in actions for action in group}), table.construct
    _allow(who, wanted, [made.table_arn])
    if table.spec.indexes and "dynamodb:Query" in wanted:
        _allow(who, ["dynamodb:Query"], [f"{made.table_arn}/index/{index.name}" for index in table.spec.indexes])
    _use_key(who, table.key, "dynamodb", {"kms:EncryptionContext:aws:dynamodb:tableName": made.table_name})


def objects(who: iam.IGrantable, store: StoredObjects, actions: Sequence[str], *prefixes: str) -> None:
    """Allow actions upon the objects under some prefixes."""
    _allow(who, actions, [f"{store.arn}/{prefix}/*" for prefix in prefixes])
    _use_key(who, store.key, "s3", {"kms:EncryptionContext:aws:s3:arn": store.arn})


def listing(who: iam.IGrantable, store: StoredObjects, *prefixes: str) -> None:
    """Allow listing what is under some prefixes."""
    condition = {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}}
    _allow(who, ["s3:ListBucket"], [store.arn], condition)


def missing_objects(who: iam.IGrantable, store: StoredObjects) -> None:
    """Allow to be told that an object is not there: S3 says "forbidden" to those who may not list the bucket.

    A condition upon the prefix would not be met by reading, so this is the bucket's whole list of names.
    """
    _allow(who, ["s3:ListBucket"], [store.arn])


def sending(who: iam.IGrantable, queue: sqs.IQueue, key: kms.IKey) -> None:
    """Allow putting messages into a queue."""
    _allow(who, ["sqs:SendMessage"], [queue.queue_arn])
    _use_key(who, key, "sqs", {"kms:EncryptionContext:aws:sqs:arn": queue.queue_arn})


def receiving(who: iam.IGrantable, queue: sqs.IQueue, key: kms.IKey) -> None:
    """Allow taking messages out of a queue."""
    _allow(who, _RECEIVE, [queue.queue_arn])
    _use_key(who, key, "sqs", {"kms:EncryptionContext:aws:sqs:arn": queue.queue_arn})


def opening_secrets(who: iam.IGrantable, key: kms.IKey, *actions: str) -> None:
    """Allow opening (or sealing) companies' secrets: only values bound to a company, an account and a field."""
    conditions: dict[str, Mapping[str, object]] = {
        "ForAllValues:StringEquals": {"kms:EncryptionContextKeys": SECRET_CONTEXT},
        "Null": {f"kms:EncryptionContext:{name}": "false" for name in SECRET_CONTEXT},
    }
    _allow(who, actions, [key.key_arn], conditions)


def reading_secret(who: iam.IGrantable, secret_arn: str, key: kms.IKey) -> None:
    """Allow reading one of the platform's own secrets."""
    _allow(who, ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], [secret_arn])
    via = {"kms:ViaService": f"secretsmanager.{Aws.REGION}.amazonaws.com"}
    context = {"kms:EncryptionContext:SecretARN": secret_arn}
    _allow(who, ["kms:Decrypt"], [key.key_arn], {"StringEquals": {**via, **context}})


def allow(who: iam.IGrantable, actions: Sequence[str], resources: Sequence[str]) -> None:
    """Allow actions of other services."""
    _allow(who, actions, resources)


def _use_key(who: iam.IGrantable, key: kms.IKey, service: str, context: Mapping[str, str]) -> None:
    via = {"kms:ViaService": f"{service}.{Aws.REGION}.amazonaws.com"}
    _allow(who, _USE_KEY, [key.key_arn], {"StringEquals": {**via, **context}})
    _allow(who, ["kms:DescribeKey"], [key.key_arn], {"StringEquals": via})


def _allow(
    who: iam.IGrantable,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    statement = iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    who.grant_principal.add_to_principal_policy(statement)
