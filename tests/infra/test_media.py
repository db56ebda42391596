"""The media service: calls outlive deployments, tasks are found, scaling goes by calls."""

from typing import Any

from infra.capacity import read_capacity
from tests.infra.conftest import Synthesised


def _container(production: Synthesised) -> dict[str, Any]:
    (container,) = production.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(container)


def test_a_deployment_waits_for_no_call_and_ends_none(production: Synthesised) -> None:
    service = production.only("AWS::ECS::Service")
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    early = {"Enable": True, "HealthyPercent": 100, "SourceServiceRevisionCleanup": "DEFERRED"}
    assert deployment["EarlySuccessCriteria"] == early
    assert service["AvailabilityZoneRebalancing"] == "DISABLED"
    group = production.only("AWS::ElasticLoadBalancingV2::TargetGroup")
    attributes = {entry["Key"]: entry["Value"] for entry in group["TargetGroupAttributes"]}
    assert attributes["deregistration_delay.timeout_seconds"] == "3600"


def test_the_process_is_done_before_it_is_killed(production: Synthesised) -> None:
    container = _container(production)
    environment = {entry["Name"]: entry["Value"] for entry in container["Environment"]}
    assert container["StopTimeout"] == 120
    assert float(environment["DRAIN_SECONDS"]) <= container["StopTimeout"] - 10


def test_health_checks_ask_for_life_and_not_for_room(production: Synthesised) -> None:
    """ECS stops what fails its check; a full process would take all its calls along."""
    group = production.only("AWS::ElasticLoadBalancingV2::TargetGroup")
    assert group["HealthCheckPath"] == "/health"
    assert group["TargetType"] == "ip"
    command = " ".join(_container(production)["HealthCheck"]["Command"])
    assert "/health" in command
    assert "/ready" not in command


def test_tasks_run_on_arm_with_public_addresses_and_a_closed_file_system(production: Synthesised) -> None:
    task, capacity = production.only("AWS::ECS::TaskDefinition"), read_capacity()
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert (task["Cpu"], task["Memory"]) == (str(capacity.cpu), str(capacity.memory_mb))
    network = production.only("AWS::ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "ENABLED"
    assert not production.properties("AWS::EC2::NatGateway")
    container = _container(production)
    assert container["ReadonlyRootFilesystem"] is True
    assert [mount["ContainerPath"] for mount in container["MountPoints"]] == ["/tmp"]
    assert container["LogConfiguration"]["Options"]["mode"] == "non-blocking"


def test_the_world_reaches_only_the_ports_webrtc_is_given(production: Synthesised) -> None:
    world = []
    for group in production.properties("AWS::EC2::SecurityGroup", "media"):
        world += [rule for rule in group.get("SecurityGroupIngress", []) if rule.get("CidrIp") == "0.0.0.0/0"]
    for rule in production.properties("AWS::EC2::SecurityGroupIngress", "media"):
        assert rule.get("CidrIp") is None
        assert "SourceSecurityGroupId" in rule or "SourcePrefixListId" in rule
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in world] == [("udp", 40_000, 49_999)]
    (control,) = _container(production)["SystemControls"]
    assert control == {"Namespace": "net.ipv4.ip_local_port_range", "Value": "40000 49999"}


def test_the_balancer_serves_cloudfront_only(production: Synthesised) -> None:
    balancer = production.only("AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {entry["Key"]: entry["Value"] for entry in balancer["LoadBalancerAttributes"]}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["access_logs.s3.enabled"] == "true"
    assert int(attributes["idle_timeout.timeout_seconds"]) > 3 * 20
    listener = production.only("AWS::ElasticLoadBalancingV2::Listener")
    assert listener["Protocol"] == "HTTPS"
    assert listener["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "403"
    rule = production.only("AWS::ElasticLoadBalancingV2::ListenerRule")
    fields = {condition["Field"]: condition for condition in rule["Conditions"]}
    assert fields["path-pattern"]["PathPatternConfig"]["Values"] == [
        "/api/widget/call/*/ws",
        "/api/webhooks/twilio/stream/*",
    ]
    header = fields["http-header"]["HttpHeaderConfig"]
    assert header["HttpHeaderName"] == "x-origin-secret"
    assert header["Values"] == ["{{resolve:secretsmanager:calls-prod/origin:SecretString:::}}"]
    rules = production.properties("AWS::EC2::SecurityGroupIngress", "media")
    assert [rule["SourcePrefixListId"] for rule in rules if rule["FromPort"] == 443] == ["pl-3b927c52"]


def test_scaling_goes_by_the_calls_of_a_task_as_they_were_measured(production: Synthesised) -> None:
    capacity = read_capacity()
    target = production.only("AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 40)
    policies = [
        policy["TargetTrackingScalingPolicyConfiguration"]
        for policy in production.properties("AWS::ApplicationAutoScaling::ScalingPolicy")
    ]
    (by_calls,) = [policy for policy in policies if "CustomizedMetricSpecification" in policy]
    metric = by_calls["CustomizedMetricSpecification"]
    assert (metric["Namespace"], metric["MetricName"]) == ("Calls", "CallsPerTask")
    assert metric["Dimensions"] == [{"Name": "stage", "Value": "prod"}]
    assert by_calls["TargetValue"] == int(capacity.calls * 0.7) * 65 // 100
    assert by_calls["ScaleInCooldown"] >= 10 * by_calls["ScaleOutCooldown"]
    environment = {entry["Name"]: entry["Value"] for entry in _container(production)["Environment"]}
    assert environment["MEDIA_CAPACITY"] == str(int(capacity.calls * 0.7))
    assert environment["WHATSAPP_CAPACITY"] == str(int(capacity.whatsapp_calls * 0.7))


def test_tables_and_buckets_are_reached_without_the_internet(production: Synthesised) -> None:
    services = str([endpoint["ServiceName"] for endpoint in production.properties("AWS::EC2::VPCEndpoint")])
    assert "dynamodb" in services
    assert "s3" in services
    assert production.properties("AWS::EC2::FlowLog")
