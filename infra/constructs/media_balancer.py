"""The load balancer in front of the media processes. It serves CloudFront only: by address, and by a secret header."""

from aws_cdk import Duration
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.stacks.api import ORIGIN_HEADER
from infra.stacks.environments import MEDIA_PORT
from infra.stacks.web_paths import MEDIA_PATHS, origin_secret
from infra.stage import Stage

DEREGISTRATION = Duration.hours(1)
"""The longest there is. A drained task leaves by itself long before."""
IDLE = Duration.seconds(120)
"""Media processes ping silent sockets every 20 s."""


class MediaBalancer(Construct):
    """An application load balancer with WebSockets; what is not a call's path is refused here."""

    def __init__(
        self, scope: Construct, name: str, stage: Stage, vpc: ec2.IVpc, zone: route53.IHostedZone, logs: s3.IBucket
    ) -> None:
        super().__init__(scope, name)
        self._stage = stage
        self.security = ec2.SecurityGroup(
            self, "Security", vpc=vpc, description="CloudFront to the media balancer", allow_all_outbound=False
        )
        self.security.add_ingress_rule(
            ec2.Peer.prefix_list(stage.cloudfront_prefix_list), ec2.Port.tcp(443), "CloudFront"
        )
        self.balancer = elb.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=vpc,
            internet_facing=True,
            security_group=self.security,
            idle_timeout=IDLE,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elb.DesyncMitigationMode.STRICTEST,
            deletion_protection=stage.retention.keep_data,
            http2_enabled=False,
        )
        self.balancer.log_access_logs(logs, "media-balancer")
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=stage.media_origin,
            validation=acm.CertificateValidation.from_dns(zone),
        )
        route53.ARecord(
            self,
            "Name",
            zone=zone,
            record_name=stage.media_origin,
            target=route53.RecordTarget.from_alias(targets.LoadBalancerTarget(self.balancer)),
        )
        self.listener = self.balancer.add_listener(
            "Https",
            port=443,
            open=False,
            certificates=[elb.ListenerCertificate.from_certificate_manager(certificate)],
            ssl_policy=elb.SslPolicy.RECOMMENDED_TLS,
            default_action=elb.ListenerAction.fixed_response(
                403, content_type="text/plain", message_body="Not here.\n"
            ),
        )

    def serve(self, service: ecs.FargateService, security: ec2.SecurityGroup) -> None:
        """Send calls to a service's tasks.

        The health check asks for life only (`/health`). Whether a process takes new calls (`/ready`) must not be asked
        here: ECS stops what fails, and a process that is full or draining holds the most calls.
        """
        self.security.add_egress_rule(security, ec2.Port.tcp(MEDIA_PORT), "Media processes")
        security.add_ingress_rule(self.security, ec2.Port.tcp(MEDIA_PORT), "Media balancer")
        self.group = elb.ApplicationTargetGroup(
            self,
            "Processes",
            vpc=service.cluster.vpc,
            port=MEDIA_PORT,
            protocol=elb.ApplicationProtocol.HTTP,
            target_type=elb.TargetType.IP,
            targets=[service.load_balancer_target(container_name="media", container_port=MEDIA_PORT)],
            deregistration_delay=DEREGISTRATION,
            load_balancing_algorithm_type=elb.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
            health_check=elb.HealthCheck(
                path="/health",
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=6,
            ),
        )
        self.listener.add_action(
            "Calls",
            priority=10,
            conditions=[
                elb.ListenerCondition.path_patterns(list(MEDIA_PATHS)),
                elb.ListenerCondition.http_header(ORIGIN_HEADER, [origin_secret(self._stage)]),
            ],
            action=elb.ListenerAction.forward([self.group]),
        )
