"""The one domain: CloudFront in front of dashboard, widget, HTTP API and the media sockets, behind a firewall.

CloudFront takes certificates and firewalls from us-east-1 only, so this stack is there, wherever the others are.
"""

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.firewall import firewall
from infra.constructs.front_headers import FrontHeaders
from infra.constructs.front_logs import deliver_logs
from infra.constructs.storage import log_bucket, removal
from infra.stacks.api import FRAME_PAGE, ORIGIN_HEADER, ApiStack
from infra.stacks.data import DataStack
from infra.stacks.web_paths import API_PATHS, MEDIA_PATHS, origin_secret
from infra.stage import Stage

EDGE_REGION = "us-east-1"


class WebStack(Stack):
    """Files, distribution, firewall and name."""

    def __init__(self, scope: Construct, name: str, stage: Stage, api: ApiStack, data: DataStack) -> None:
        super().__init__(scope, name, env=Environment(region=EDGE_REGION), cross_region_references=True)
        self._stage, self._api = stage, api
        self.logs = log_bucket(self, stage)
        self.site = self._site()
        self.headers = FrontHeaders(self, "Headers", stage)
        self._no_cache = cloudfront.CachePolicy.CACHING_DISABLED
        self._all_but_host = cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
        self.zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=stage.hosted_zone_id, zone_name=stage.hosted_zone_name
        )
        self.distribution = self._distribution()
        deliver_logs(self, self.distribution, self.logs)
        for kind, record in (("A", route53.ARecord), ("AAAA", route53.AaaaRecord)):
            record(
                self,
                f"Name{kind}",
                zone=self.zone,
                record_name=stage.domain,
                target=route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.distribution)),
            )
        CfnOutput(self, "SiteBucket", value=self.site.bucket_name)
        CfnOutput(self, "DistributionId", value=self.distribution.distribution_id)

    def _site(self) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Site",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=self.logs,
            server_access_logs_prefix="site/",
            removal_policy=removal(self._stage),
        )

    def _distribution(self) -> cloudfront.Distribution:
        stage = self._stage
        certificate = acm.Certificate(
            self, "Certificate", domain_name=stage.domain, validation=acm.CertificateValidation.from_dns(self.zone)
        )
        files = origins.S3BucketOrigin.with_origin_access_control(self.site)
        return cloudfront.Distribution(
            self,
            "Front",
            comment=f"{stage.prefix}: everything under one domain",
            domain_names=[stage.domain],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_ALL,
            web_acl_id=firewall(self, stage).attr_arn,
            default_behavior=self._pages(files),
            additional_behaviors=self._behaviors(files),
        )

    def _behaviors(self, files: cloudfront.IOrigin) -> dict[str, cloudfront.BehaviorOptions]:
        """In the order in which CloudFront looks for a match."""
        media = self._origin(self._stage.media_origin)
        api = self._origin(self._api.origin)
        found = {path: self._passed_on(media) for path in MEDIA_PATHS}
        found |= {path: self._passed_on(api) for path in (*API_PATHS, FRAME_PAGE)}
        return found | {
            "/widget.js": self._cached(files, self._loader_cache()),
            "/widget/*": self._cached(files, cloudfront.CachePolicy.CACHING_OPTIMIZED),
            "/dashboard/assets/*": self._cached(files, cloudfront.CachePolicy.CACHING_OPTIMIZED),
        }

    def _origin(self, host: str) -> origins.HttpOrigin:
        return origins.HttpOrigin(
            host,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            custom_headers={ORIGIN_HEADER: origin_secret(self._stage)},
            read_timeout=Duration.seconds(30),
            keepalive_timeout=Duration.seconds(60),
        )

    def _passed_on(self, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        """Never cached, unchanged but for the visitor's address, which only we can state."""
        return cloudfront.BehaviorOptions(
            origin=origin,
            allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=self._no_cache,
            origin_request_policy=self._all_but_host,
            response_headers_policy=self.headers.api,
            function_associations=[self.headers.viewer_address],
        )

    def _cached(self, origin: cloudfront.IOrigin, policy: cloudfront.ICachePolicy) -> cloudfront.BehaviorOptions:
        """Files whose names change with their content, and the loader. Other sites load them."""
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=policy,
            compress=True,
            response_headers_policy=self.headers.widget,
        )

    def _pages(self, origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
        """The dashboard: every address without a file's ending is its one document."""
        return cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
            compress=True,
            response_headers_policy=self.headers.dashboard,
            function_associations=[self.headers.pages],
        )

    def _loader_cache(self) -> cloudfront.CachePolicy:
        """The loader's name never changes: a new one must reach every site within a minute."""
        return cloudfront.CachePolicy(
            self,
            "LoaderCache",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(60),
            max_ttl=Duration.seconds(60),
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
