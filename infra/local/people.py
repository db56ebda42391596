"""Who signs in on the local platform, a second company without calls, and the packages companies may deploy.

These accounts exist in the emulated user pool only; their password is public on purpose.
"""

from dataclasses import dataclass

from infra.local.demo import COMPANY
from shared.contracts.records.user import Role
from shared.contracts.settings.agent import Agent, Variable
from shared.contracts.settings.company import Company
from shared.contracts.settings.package import PackageContent

PASSWORD = "Demo-Passw0rd!"

OTHER_COMPANY = Company(company_id="5b6f3a0e-2c1d-4d8e-8f4a-9c0d1e2f3a02", name="Harbour Dental")


@dataclass(frozen=True, slots=True)
class Person:
    """A demo account. `key` names it in addresses: `/login?as=<key>`."""

    key: str
    email: str
    name: str
    role: Role
    company: Company | None = None


PEOPLE = (
    Person("master", "mara@platform.example", "Mara Master", Role.MASTER_ADMIN),
    Person("admin", "alex@marlow.example", "Alex Marlow", Role.COMPANY_ADMIN, COMPANY),
    Person("agent", "sam@marlow.example", "Sam Support", Role.SUPPORT_AGENT, COMPANY),
    Person("other", "dana@harbour.example", "Dana Harbour", Role.COMPANY_ADMIN, OTHER_COMPANY),
)

PROMPT = (
    "You answer calls for {{departmentName}}. Business hours: {{businessHours}}. Speak in short sentences, one question "
    "at a time. Repeat numbers and names back to the caller."
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
