"""Findings of cdk-nag that stay, each with its reason. Whatever is not here ends the synthesis."""

from dataclasses import dataclass

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from infra.stage import Stage

RULES = "AwsSolutions-"
_PREFIX_REASON = "Objects are named by company and call: a role reaches one kind of object, by its prefix."
_OBJECT_PREFIXES = ("recordings", "segments", "prompts", "search")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule, where it was found (the end of a construct's path), and why it stays."""

    rule: str
    where: str
    reason: str


def findings(stage: Stage) -> tuple[Finding, ...]:
    """Everything that stays in a stage."""
    return (*_permissions(stage), *_rest(stage))


def _permissions(stage: Stage) -> tuple[Finding, ...]:
    sound = f"Resource::arn:<AWS::Partition>:s3:::{stage.prefix}-recordings-<AWS::AccountId>"
    objects = tuple(
        Finding(f"IAM5[{sound}/{prefix}/*]", "/DefaultPolicy/Resource", _PREFIX_REASON) for prefix in _OBJECT_PREFIXES
    )
    tasks = f"Resource::arn:aws:ecs:{stage.region}:<AWS::AccountId>:task/{stage.prefix}/*"
    return (
        *objects,
        Finding(
            f"IAM5[{tasks}]", "/Media/Task/TaskRole/DefaultPolicy/Resource", "A task's id is known only when it runs."
        ),
        Finding(
            "IAM5[Resource::*]",
            "/AfterCall/Role/DefaultPolicy/Resource",
            "Delivering logs and traces has no resource; everything else in this policy has one.",
        ),
        Finding(
            "IAM5[Resource::*]",
            "/Media/Task/ExecutionRole/DefaultPolicy/Resource",
            "ecr:GetAuthorizationToken has no resource; everything else in this policy has one.",
        ),
    )


def _rest(stage: Stage) -> tuple[Finding, ...]:
    found = [
        Finding("SMG4", "/ProvidersSecret/Resource", "Providers' keys are made at the providers: people replace them."),
        Finding(
            "SMG4", "/OriginSecret/Resource", "Both ends take it at a deployment: infra/runbook/README.md tells how."
        ),
        Finding(
            "COG2", "/People/Resource", "The dashboard offers one-time passwords; each company decides for its people."
        ),
        Finding("L1", "/Function/Resource", "The one version of Python of the whole house, tests included."),
        Finding(
            "EC23", "/Media/Security/Resource", "WebRTC: peers' addresses are unknown; DTLS-SRTP authenticates packets."
        ),
        Finding("ECS2", "/Media/Task/Resource", "Names and sizes only; what is secret comes from Secrets Manager."),
        Finding("CFR1", "/Front/Resource", "Callers may be anywhere."),
        Finding(
            "CFR3", "/Front/Resource", "Logged by the second version of standard logging, which the rule does not know."
        ),
    ]
    if stage.name != "prod":
        found.append(Finding("COG8", "/People/Resource", "Threat protection is paid for in production."))
    return tuple(found)


def acknowledge(scope: IConstruct, stage: Stage) -> dict[Finding, int]:
    """Acknowledge what stays; returns how many places each finding applied to, so that none outlives its cause."""
    applied = dict.fromkeys(findings(stage), 0)
    for construct in scope.node.find_all():
        path = "/" + construct.node.path
        for finding in applied:
            if path.endswith(finding.where):
                Validations.of(construct).acknowledge(Acknowledgment(id=RULES + finding.rule, reason=finding.reason))
                applied[finding] += 1
    return applied
