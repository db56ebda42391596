"""A company's chatbots."""

from typing import Annotated

from fastapi import Response
from pydantic import Field

from functions.admin_api.access import Api, By, Operations
from functions.admin_api.requests import (
    AskedPage,
    Expected,
    IdempotencyKey,
    Identifier,
    PageOut,
    Schema,
    once,
    page_out,
    tag,
)
from shared.contracts.settings.agent import Agent, Knowledge, VariableName, VariableValue
from shared.contracts.settings.company import Chatbot, Id, Slug
from shared.domain.permissions import Permission
from shared.services import chatbots

operations = Operations()

Agents = Annotated[tuple[Agent, ...], Field(max_length=8)]
Variables = Annotated[dict[VariableName, VariableValue], Field(max_length=50)]
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]


class NewChatbotIn(Schema):
    """What the creation wizard collected."""

    package_id: Id
    name: Name
    description: Annotated[str, Field(max_length=500)] = ""
    slug: Slug | None = None
    variables: Annotated[Variables, Field(default_factory=dict)]
    agents: Agents | None = None


class ChatbotIn(Schema):
    """All that the General tab holds; nothing falls back to a default unsaid."""

    name: Name
    description: Annotated[str, Field(max_length=500)]
    agent_name: Annotated[str, Field(min_length=1, max_length=80)]
    slug: Slug | None
    variables: Variables
    agents: Agents
    knowledge: Knowledge


@operations.get("/chatbots", Permission.CHATBOTS_READ)
def list_chatbots(api: Api, by: By, turn: AskedPage) -> PageOut[Chatbot]:
    return page_out(chatbots.company_chatbots(api.chatbots, by.company, turn), lambda chatbot: chatbot)


@operations.post("/chatbots", Permission.CHATBOTS_WRITE, status_code=201)
def create_chatbot(api: Api, by: By, body: NewChatbotIn, response: Response, key: IdempotencyKey = None) -> Chatbot:
    new = chatbots.NewChatbot(
        body.package_id, body.name.strip(), body.description, body.slug, body.variables, body.agents
    )
    made = once(api, by, key, "create_chatbot", body, lambda: chatbots.create_chatbot(api.chatbots, by, new), Chatbot)
    tag(response, made.version)
    return made


@operations.get("/chatbots/{chatbot_id}", Permission.CHATBOTS_READ)
def get_chatbot(api: Api, by: By, chatbot_id: Identifier, response: Response) -> Chatbot:
    found = chatbots.chatbot(api.chatbots.chatbots, by.company, chatbot_id)
    tag(response, found.version)
    return found


@operations.put("/chatbots/{chatbot_id}", Permission.CHATBOTS_WRITE)
def edit_chatbot(
    api: Api, by: By, chatbot_id: Identifier, body: ChatbotIn, expected: Expected, response: Response
) -> Chatbot:
    changes = {name: getattr(body, name) for name in ChatbotIn.model_fields}
    changed = chatbots.edit_chatbot(api.chatbots, by, chatbot_id, expected, changes)
    tag(response, changed.version)
    return changed
