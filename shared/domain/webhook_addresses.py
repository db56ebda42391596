"""The public addresses of our webhooks, as carriers are given them. Identifiers only: they are no secrets."""

from urllib.parse import urlencode

TWILIO = "/api/webhooks/twilio"
WHATSAPP = "/api/webhooks/whatsapp"


def twilio(base_url: str, what: str, **query: str) -> str:
    """One of Twilio's: `voice`, `status`, `fallback`, …"""
    return f"{base_url.rstrip('/')}{TWILIO}/{what}" + (f"?{urlencode(query)}" if query else "")


def twilio_stream(base_url: str, account_id: str, ticket: str) -> str:
    """Where Twilio's media stream connects to; Twilio drops query strings of such an address."""
    return f"{base_url.rstrip('/').replace('http', 'ws', 1)}{TWILIO}/stream/{account_id}/{ticket}"


def twilio_voice(base_url: str, account_id: str, chatbot_id: str | None = None) -> str:
    """What is pasted into the number's settings; a chatbot is named where several share the account."""
    named = {} if chatbot_id is None else {"chatbotId": chatbot_id}
    return twilio(base_url, "voice", **named, accountId=account_id)


def whatsapp(base_url: str, account_id: str) -> str:
    """What is pasted into Meta's webhook settings."""
    return f"{base_url.rstrip('/')}{WHATSAPP}?{urlencode({'accountId': account_id})}"
