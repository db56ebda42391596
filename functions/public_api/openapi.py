"""Prints the public API's OpenAPI document, the widget socket's messages among its schemas."""

import json
from typing import Any, cast

from pydantic import TypeAdapter

from functions.public_api.app import PublicApi, create_app
from shared.contracts.messages.widget_socket import ClientMessage, ServerMessage


def document() -> dict[str, Any]:
    """The whole document."""
    result = create_app(cast(PublicApi, None)).openapi()
    unions: tuple[Any, ...] = (ClientMessage, ServerMessage)
    for messages in unions:
        adapter: TypeAdapter[Any] = TypeAdapter(messages)
        schema = adapter.json_schema(ref_template="#/components/schemas/{model}")
        result["components"]["schemas"].update(schema.pop("$defs"))
    return result


if __name__ == "__main__":
    print(json.dumps(document(), indent=2, sort_keys=True))
