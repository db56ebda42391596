"""Lambda entry of the webhooks."""

from mangum import Mangum

from functions.webhooks.app import create_app
from functions.webhooks.wiring import webhooks

handler = Mangum(create_app(webhooks()), lifespan="off")
