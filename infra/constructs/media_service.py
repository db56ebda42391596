"""The media service on Fargate: public addresses, UDP for WebRTC, calls that outlive deployments, scaling on calls.

How a call outlives a deployment: a task with calls asks ECS for protection; the deployment counts as done when the new
tasks are healthy and leaves old ones to end in the background; the balancer keeps their sockets for an hour; and a task
that is told to stop hands over within its 110 s.
"""

from pathlib import Path

from aws_cdk import Duration, IgnoreMode, Size
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.capacity import Capacity
from infra.constructs import access
from infra.constructs.environment import variables
from infra.constructs.python_function import log_group
from infra.stacks.data import DataStack
from infra.stacks.environments import IN_A_SECRET, MEDIA_PORT, media_values
from infra.stacks.workflows import METRICS
from infra.stage import Stage
from shared.contracts.environment import MediaEnvironment

ROOT = Path(__file__).parents[2]
IMAGE_SOURCES = ("media_tier", "shared", "infra/package/media.txt", "infra/package/simulation.txt", "requirements.lock")
UDP_FIRST, UDP_LAST = 40_000, 49_999
STOP = Duration.seconds(120)
LIFE = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{MEDIA_PORT}/health', timeout=3).read()"


class MediaService(Construct):
    """Task, service and scaling."""

    def __init__(
        self, scope: Construct, name: str, stage: Stage, data: DataStack, cluster: ecs.Cluster, capacity: Capacity
    ) -> None:
        super().__init__(scope, name)
        self._stage, self._data, self._capacity = stage, data, capacity
        self.logs = log_group(self, "Logs", stage, data.keys.operations, "media")
        self.security = self._security(cluster.vpc)
        self.task = self._task()
        self.service = ecs.FargateService(
            self,
            "Service",
            service_name=f"{stage.prefix}-media",
            cluster=cluster,
            task_definition=self.task,
            desired_count=stage.media.minimum_tasks,
            assign_public_ip=True,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
            security_groups=[self.security],
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            # It would move tasks that hold calls.
            availability_zone_rebalancing=ecs.AvailabilityZoneRebalancing.DISABLED,
            health_check_grace_period=Duration.seconds(60),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            platform_version=ecs.FargatePlatformVersion.VERSION1_4,
        )
        self._finish_deployments_early()
        self.scaling = self._scale()

    def _security(self, vpc: ec2.IVpc) -> ec2.SecurityGroup:
        made = ec2.SecurityGroup(self, "Security", vpc=vpc, description="Media processes", allow_all_outbound=True)
        made.add_ingress_rule(ec2.Peer.any_ipv4(), ec2.Port.udp_range(UDP_FIRST, UDP_LAST), "WebRTC media (DTLS-SRTP)")
        made.add_ingress_rule(made, ec2.Port.tcp(MEDIA_PORT), "Relays between media processes")
        return made

    def _task(self) -> ecs.FargateTaskDefinition:
        capacity = self._capacity
        task = ecs.FargateTaskDefinition(
            self,
            "Task",
            family=f"{self._stage.prefix}-media",
            cpu=capacity.cpu,
            memory_limit_mib=capacity.memory_mb,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.ARM64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        task.add_volume(name="scratch")
        container = task.add_container(
            "media",
            container_name="media",
            image=self._image(),
            environment=self._environment(),
            secrets=self._secrets(),
            logging=ecs.LogDriver.aws_logs(
                log_group=self.logs,
                stream_prefix="media",
                mode=ecs.AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=Size.mebibytes(16),
            ),
            readonly_root_filesystem=True,
            stop_timeout=STOP,
            health_check=ecs.HealthCheck(
                command=["CMD", "python", "-c", LIFE],
                interval=Duration.seconds(15),
                timeout=Duration.seconds(5),
                retries=4,
                start_period=Duration.seconds(30),
            ),
            port_mappings=[ecs.PortMapping(container_port=MEDIA_PORT, protocol=ecs.Protocol.TCP)],
            # WebRTC takes any free port: the kernel must choose among those that the security group opens.
            system_controls=[
                ecs.SystemControl(namespace="net.ipv4.ip_local_port_range", value=f"{UDP_FIRST} {UDP_LAST}")
            ],
            ulimits=[ecs.Ulimit(name=ecs.UlimitName.NOFILE, soft_limit=65_536, hard_limit=65_536)],
        )
        execution = task.obtain_execution_role()
        access.reading_secret(execution, self._data.provider_keys.secret_arn, self._data.keys.secrets)
        container.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="scratch", read_only=False))
        return task

    def _image(self) -> ecs.ContainerImage:
        return ecs.ContainerImage.from_asset(
            str(ROOT),
            file="infra/media/Dockerfile",
            exclude=["*", *(f"!{source}" for source in (*IMAGE_SOURCES, "infra/media/Dockerfile")), "**/__pycache__"],
            ignore_mode=IgnoreMode.DOCKER,
            platform=ecr_assets.Platform.LINUX_ARM64,
            build_args={"SIMULATION": "no" if self._stage.name == "prod" else "yes"},
        )

    def _environment(self) -> dict[str, str]:
        values = media_values(self._stage, self._data, self._capacity)
        made = variables([MediaEnvironment], values, secret=IN_A_SECRET)
        return {**made, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "POWERTOOLS_SERVICE_NAME": "media"}

    def _secrets(self) -> dict[str, ecs.Secret]:
        # By its address: the construct itself would have its key's policy name this stack's roles.
        arn = self._data.provider_keys.secret_arn
        known = secretsmanager.Secret.from_secret_complete_arn(self, "ProviderKeys", arn)
        return {key.upper(): ecs.Secret.from_secrets_manager(known, key) for key in sorted(IN_A_SECRET)}

    def _finish_deployments_early(self) -> None:
        """The L2 construct does not know this yet; without it a deployment would wait for the longest call."""
        service = self.service.node.default_child
        assert isinstance(service, ecs.CfnService)
        service.add_property_override(
            "DeploymentConfiguration.EarlySuccessCriteria",
            {"Enable": True, "HealthyPercent": 100, "SourceServiceRevisionCleanup": "DEFERRED"},
        )

    def _scale(self) -> ecs.ScalableTaskCount:
        """Calls of a task on average fall when tasks are added, as target tracking needs. Busy tasks are protected."""
        sizes = self._stage.media
        count = self.service.auto_scale_task_count(min_capacity=sizes.minimum_tasks, max_capacity=sizes.maximum_tasks)
        count.scale_to_track_custom_metric(
            "Calls",
            metric=cloudwatch.Metric(
                namespace=METRICS,
                metric_name="CallsPerTask",
                dimensions_map={"stage": self._stage.name},
                statistic="Average",
                period=Duration.minutes(1),
            ),
            target_value=max(1, int(self._capacity.admitted * sizes.target_use)),
            scale_out_cooldown=Duration.seconds(60),
            scale_in_cooldown=Duration.minutes(15),
        )
        count.scale_on_cpu_utilization(
            "Cpu",
            target_utilization_percent=60,
            scale_out_cooldown=Duration.seconds(60),
            scale_in_cooldown=Duration.minutes(15),
        )
        return count
