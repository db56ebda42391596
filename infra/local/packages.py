"""A second demo company, without calls, and the packages companies may deploy."""

import uuid
from datetime import UTC, datetime

from infra.local import aws
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.packages import DynamoFleetPackages
from shared.adapters.aws.dynamo.settings import DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.user import Role
from shared.contracts.settings.agent import Agent, Variable
from shared.contracts.settings.company import Company
from shared.contracts.settings.package import Package, PackageContent, PackageVersion
from shared.domain.permissions import Actor
from shared.ports.changes import PublishPackage, Save
from shared.services.auditing import Deed, Desk

OTHER_COMPANY = Company(company_id="5b6f3a0e-2c1d-4d8e-8f4a-9c0d1e2f3a02", name="Harbour Dental")
PROMPT = (
    "You answer calls for {{departmentName}}. Business hours: {{businessHours}}. Speak in short sentences, one "
    "question at a time. Repeat numbers and names back to the caller."
)
VARIABLES = (
    Variable(
        name="businessHours",
        description="When people can be reached",
        required=True,
        default="Monday-Friday 9am-5pm EST",
    ),
    Variable(name="departmentName", description="What the caller has reached", default="Customer Support"),
    Variable(name="escalationPhoneNumber", description="Where calls go that need a person", kind="phone"),
)


def _package(name: str, description: str, **more: object) -> PackageContent:
    agent = Agent(agent_id="reception", name="Reception", call_prompt=PROMPT, use_for_chat=False)
    return PackageContent.model_validate(
        {
            "name": name,
            "description": description,
            "enabled_chat": False,
            "enabled_call": True,
            "agents": (agent,),
            "variables": VARIABLES,
            **more,
        }
    )


PACKAGES = (
    (
        "a1c7e2f0-0000-4000-8000-000000000001",
        _package(
            "Customer Support Call Agent",
            "Answers questions about hours, orders and services, and takes a callback number.",
            ai_model_id="simulated",
            voice_id="simulated-anna",
            greeting="Hello! You have reached {{departmentName}}. How can I assist you today?",
        ),
    ),
    (
        "a1c7e2f0-0000-4000-8000-000000000002",
        _package(
            "Sales Line",
            "Finds out what a caller is looking for and passes good leads on.",
            category="Sales",
            ai_model_id="gpt-realtime-2.1",
            voice_id="marin",
            enabled_chat=True,
            max_duration_minutes=20,
        ),
    ),
)


def write(endpoint: str) -> None:
    """What is missing, packages with an audit entry as a master admin's have one."""
    dynamo = aws.client("dynamodb", endpoint)
    core = Table(dynamo, "core")
    companies = DynamoCompanies(core)
    if companies.get(OTHER_COMPANY.company_id) is None:
        companies.save(OTHER_COMPANY)
    desk = Desk(DynamoChanges(core, Table(dynamo, "ledger")), lambda: datetime.now(UTC), lambda: str(uuid.uuid4()))
    by, fleet = Actor("seed", Role.MASTER_ADMIN, None), DynamoFleetPackages(core)
    for package_id, content in PACKAGES:
        if fleet.get(package_id) is None:
            made = Package(package_id=package_id, draft=content, published_version=1, latest_version=1)
            version = PackageVersion(
                package_id=package_id, number=1, content=content, published_at=desk.now(), published_by=by.who
            )
            deed = Deed(by, "package.published", package_id, None, None, made)
            desk.write(deed, PublishPackage(version), Save(made))
