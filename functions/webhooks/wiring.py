"""Builds what the webhooks act upon, once for each container."""

from functions.carriers.wiring import carrier_ports, environment, log_ports, outbound_ports
from functions.webhooks.app import Webhooks
from functions.webhooks.twilio_webhooks import TwilioPorts
from functions.webhooks.whatsapp_webhooks import WhatsAppPorts


def webhooks() -> Webhooks:
    """What the webhooks act upon."""
    env = environment()
    carrier, outbound, log = carrier_ports(), outbound_ports(), log_ports()
    return Webhooks(
        twilio=TwilioPorts(carrier, outbound, outbound.secrets, log, env.public_base_url),
        whatsapp=WhatsAppPorts(carrier.accounts, outbound, outbound.secrets, log),
        base_url=env.public_base_url,
    )
