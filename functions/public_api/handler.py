"""Lambda entry of the public API."""

from mangum import Mangum

from functions.public_api.app import create_app
from functions.public_api.wiring import public_api

handler = Mangum(create_app(public_api()), lifespan="off")
