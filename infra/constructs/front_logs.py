"""CloudFront's standard logging of the second version, which needs no access control lists on the bucket."""

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

FIELDS = (
    "date", "time", "x-edge-location", "sc-bytes", "cs-method", "cs-uri-stem", "sc-status", "x-edge-request-id",
    "time-taken", "x-edge-result-type", "x-edge-response-result-type", "ssl-protocol", "cs-protocol-version",
    "time-to-first-byte", "x-edge-detailed-result-type", "c-country", "cache-behavior-path-pattern",
)  # fmt: skip
"""No visitor's address, no query, no cookie, no referrer."""


def deliver_logs(scope: Construct, distribution: cloudfront.Distribution, bucket: s3.Bucket) -> None:
    """Have a distribution's access logs delivered to a bucket."""
    source = logs.CfnDeliverySource(
        scope,
        "FrontLogSource",
        name=f"{Stack.of(scope).stack_name}-front",
        log_type="ACCESS_LOGS",
        resource_arn=distribution.distribution_arn,
    )
    target = logs.CfnDeliveryDestination(
        scope,
        "FrontLogTarget",
        name=f"{Stack.of(scope).stack_name}-front",
        destination_resource_arn=f"{bucket.bucket_arn}/front",
        output_format="parquet",
    )
    delivery = logs.CfnDelivery(
        scope,
        "FrontLogs",
        delivery_source_name=source.name,
        delivery_destination_arn=target.attr_arn,
        record_fields=list(FIELDS),
        s3_suffix_path="{yyyy}/{MM}/{dd}",
        s3_enable_hive_compatible_path=False,
    )
    delivery.add_resource_dependency(source)
    delivery.add_resource_dependency(target)
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="FrontLogs",
            principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[f"{bucket.bucket_arn}/front/*"],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
