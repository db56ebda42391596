"""Prints the administration API's OpenAPI document."""

import json
from typing import Any, cast

from functions.admin_api.access import AdminApi
from functions.admin_api.app import create_app


def document() -> dict[str, Any]:
    """The whole document. `x-permission` is what each operation asks for."""
    result = create_app(cast(AdminApi, None)).openapi()
    result["components"]["securitySchemes"] = {"idToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    result["security"] = [{"idToken": []}]
    return result


if __name__ == "__main__":
    print(json.dumps(document(), indent=2, sort_keys=True))
