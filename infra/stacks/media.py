"""Long-lived compute: the network, the cluster and the media service that holds calls."""

from aws_cdk import Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_route53 as route53
from constructs import Construct

from infra.capacity import Capacity
from infra.constructs import access
from infra.constructs.media_balancer import MediaBalancer
from infra.constructs.media_service import MediaService
from infra.constructs.python_function import log_group
from infra.stacks.data import DataStack
from infra.stage import Stage

SOUND = ("recordings", "segments", "prompts")


class MediaStack(Stack):
    """The media service and what callers reach it by."""

    def __init__(self, scope: Construct, name: str, stage: Stage, data: DataStack, capacity: Capacity) -> None:
        super().__init__(scope, name, env=Environment(region=stage.region))
        self._stage, self._data = stage, data
        self.zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=stage.hosted_zone_id, zone_name=stage.hosted_zone_name
        )
        self.vpc = self._network()
        self.cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=stage.prefix,
            vpc=self.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )
        self.balancer = MediaBalancer(self, "Balancer", stage, self.vpc, self.zone, data.access_logs)
        self.media = MediaService(self, "Media", stage, data, self.cluster, capacity)
        self._allow(self.media)
        self.balancer.serve(self.media.service, self.media.security)

    def _network(self) -> ec2.Vpc:
        """Public subnets only: tasks reach providers and carriers directly, without a NAT's cost and limits."""
        vpc = ec2.Vpc(
            self,
            "Network",
            availability_zones=list(self._stage.availability_zones),
            nat_gateways=0,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False)
            ],
            restrict_default_security_group=False,
            gateway_endpoints={
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            },
        )
        logs = log_group(self, "FlowLogs", self._stage, self._data.keys.operations, "network")
        vpc.add_flow_log(
            "Rejected",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(logs),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
        return vpc

    def _allow(self, media: MediaService) -> None:
        data, records, role = self._data, self._data.keys.records, media.task.task_role
        access.items(role, data.core, access.READ, access.CHANGE)
        access.items(role, data.calls, access.READ, access.CHANGE, access.BATCH)
        access.items(role, data.live, access.READ, access.CHANGE)
        access.objects(role, data.sound, ["s3:GetObject", "s3:PutObject"], *SOUND)
        access.missing_objects(role, data.sound)
        access.sending(role, data.call_ended.queue, records)
        access.receiving(role, data.offers.queue, records)
        access.opening_secrets(role, data.keys.secrets, "kms:Decrypt")
        tasks = self.format_arn(service="ecs", resource="task", resource_name=f"{self._stage.prefix}/*")
        access.allow(role, ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"], [tasks])
