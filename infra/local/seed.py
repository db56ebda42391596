"""Writes the catalogue and the demo company, and renders their fixed sentences. Repeating it changes nothing."""

import asyncio
import os
import uuid
from datetime import UTC, datetime
from typing import Any

from infra.local import aws
from infra.local.demo import CHATBOTS, COMPANY, ORDER
from infra.local.people import OTHER_COMPANY, PACKAGES, PASSWORD, PEOPLE, Person
from media_tier.call.sentences import fixed_sentences
from shared.adapters.aws.cognito_directory import COMPANY as COMPANY_CLAIM
from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.changes import DynamoChanges
from shared.adapters.aws.dynamo.packages import DynamoFleetPackages
from shared.adapters.aws.dynamo.settings import DynamoAiModels, DynamoChatbots, DynamoCompanies
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.object_store import open_bucket
from shared.adapters.aws.prompt_store import S3PromptStore
from shared.adapters.espeak_speech import EspeakSpeech
from shared.contracts.records.call import FrozenConfiguration
from shared.contracts.records.user import Role, User
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings
from shared.contracts.settings.package import Package, PackageVersion
from shared.domain.catalogue import MODELS
from shared.domain.permissions import Actor
from shared.ports.changes import PublishPackage, Save
from shared.services.auditing import Deed, Desk
from shared.services.prompts import render_prompts


def write(endpoint: str) -> None:
    """Catalogue, company, chatbots, published settings."""
    core = Table(aws.client("dynamodb", endpoint), "core")
    models, chatbots = DynamoAiModels(core), DynamoChatbots(core)
    for model in MODELS:
        if models.get(model.id) is None:
            models.save(model)
    companies = DynamoCompanies(core)
    for company in (COMPANY, OTHER_COMPANY):
        if companies.get(company.company_id) is None:
            companies.save(company)
    core.put(keys.order(COMPANY.company_id, ORDER.order_number), ORDER)
    for chatbot, settings, widget in CHATBOTS:
        if chatbots.get(COMPANY.company_id, chatbot.chatbot_id) is None:
            chatbots.publish(chatbot, settings)
            chatbots.save_widget_config(COMPANY.company_id, chatbot.chatbot_id, widget)


def people(endpoint: str, pool_id: str) -> None:
    """Accounts that can sign in at once, each with its record."""
    cognito, core = aws.client("cognito-idp", endpoint), Table(aws.client("dynamodb", endpoint), "core")
    known = {
        attribute["Value"]
        for user in cognito.list_users(UserPoolId=pool_id)["Users"]
        for attribute in user["Attributes"]
        if attribute["Name"] == "email"
    }
    for person in PEOPLE:
        if person.email not in known:
            user_id = _account(cognito, pool_id, person)
            company_id = None if person.company is None else person.company.company_id
            user = User(user_id=user_id, company_id=company_id, email=person.email, name=person.name, role=person.role)
            core.put(keys.user(company_id, user_id), user)


def _account(cognito: Any, pool_id: str, person: Person) -> str:
    attributes = {"email": person.email, "email_verified": "true", "name": person.name}
    if person.company is not None:
        attributes[COMPANY_CLAIM] = person.company.company_id
    made = cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=person.email,
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        MessageAction="SUPPRESS",
    )
    user = {"UserPoolId": pool_id, "Username": person.email}
    cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**user, GroupName=str(person.role))
    return next(str(found["Value"]) for found in made["User"]["Attributes"] if found["Name"] == "sub")


def packages(endpoint: str) -> None:
    """Published packages, written with an audit entry as a master admin's are."""
    dynamo = aws.client("dynamodb", endpoint)
    core = Table(dynamo, "core")
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


async def render(endpoint: str) -> int:
    """Render what is not there yet; returns how many sentences that were."""
    store = S3PromptStore(open_bucket(aws.BUCKET, region=aws.REGION, endpoint=endpoint))
    speech, rendered = EspeakSpeech(), 0
    by_id: dict[str, AiModel] = {model.id: model for model in MODELS}
    for _, settings, _ in CHATBOTS:
        rendered += await render_prompts(settings, _sentences(settings, by_id[settings.ai_model_id]), speech, store)
    speech.close()
    return rendered


def _sentences(settings: CallSettings, model: AiModel) -> tuple[str, ...]:
    return fixed_sentences(FrozenConfiguration(settings=settings, settings_version=1, model=model))


if __name__ == "__main__":
    where = os.environ["AWS_ENDPOINT_URL"]
    write(where)
    people(where, os.environ["COGNITO_USER_POOL_ID"])
    packages(where)
    print(f"rendered {asyncio.run(render(where))} sentences", flush=True)
    # obstore's threads now and then abort an interpreter that shuts down around them; everything is stored.
    os._exit(0)
