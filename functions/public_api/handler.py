"""Lambda entry of the public API."""

from mangum import Mangum

from functions.public_api.app import create_app
from functions.public_api.frame import PAGE, add_frame
from functions.public_api.wiring import public_api

_api = public_api()
_app = create_app(_api)
if PAGE.exists():
    add_frame(_app, _api, PAGE.read_text())
handler = Mangum(_app, lifespan="off")
