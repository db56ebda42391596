"""Asks for a chatbot's fixed sentences to be rendered in its voice."""

from typing import Protocol


class RenderQueue(Protocol):
    """Never raises: what could not be asked for is said by the provider during calls."""

    def render(self, company_id: str, chatbot_id: str) -> None: ...
