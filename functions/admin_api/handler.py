"""Lambda entry of the administration API."""

from mangum import Mangum

from functions.admin_api.app import create_app
from functions.admin_api.wiring import build

handler = Mangum(create_app(build()), lifespan="off")
