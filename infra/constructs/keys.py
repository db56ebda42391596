"""One customer key for each kind of data, so that who may open one kind need not open another."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.stage import Stage

TELLING = ("cloudwatch", "budgets")
"""Services that publish to the encrypted topic; the target of a rule admits EventBridge itself."""


class DataKeys(Construct):
    """`records`: tables, queues; `recordings`: sound; `secrets`: companies' credentials; `operations`: logs, alarms."""

    def __init__(self, scope: Construct, name: str, stage: Stage) -> None:
        super().__init__(scope, name)
        self._stage = stage
        self.records = self._key("records", "Calls and settings at rest: tables and queues")
        self.recordings = self._key("recordings", "Recordings at rest")
        self.secrets = self._key("secrets", "Credentials that companies entrust to us")
        self.operations = self._key("operations", "Logs and alarms")
        self._let_operations_in()

    def _key(self, kind: str, description: str) -> kms.Key:
        return kms.Key(
            self,
            kind.capitalize(),
            alias=f"alias/{self._stage.prefix}-{kind}",
            description=description,
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN if self._stage.retention.keep_data else RemovalPolicy.DESTROY,
        )

    def _let_operations_in(self) -> None:
        """CloudWatch encrypts logs and publishes alarms in its own name; the contexts keep both to this account."""
        arns = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:"
        self.operations.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom",
                         "kms:ReEncryptTo"],
                resources=["*"],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"{arns}*"}},
            )
        )  # fmt: skip
        self.operations.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsAndDeployments",
                principals=[iam.ServicePrincipal(f"{name}.amazonaws.com") for name in TELLING],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )  # fmt: skip
