"""The demo company and the carriers' stand-ins find each other on this machine."""

from infra.local import aws
from infra.local.carriers import PHONE, WHATSAPP, browser_phones, connect, numbers, real_or_standing_in
from infra.local.demo import CHATBOTS, COMPANY
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.secrets import KmsSecrets
from tests.platform import Cloud
from tests.services.carrier_world import account_sid
from tests.services.vendor import vendor

NUMBER = {
    "sid": "PN1",
    "capabilities": {"voice": True},
    "voice_url": "",
    "trunk_sid": None,
    "voice_application_sid": None,
}
PAGE = {"incoming_phone_numbers": [NUMBER], "page": 0, "next_page_uri": None}

VENDORS = {
    "TWILIO_ACCOUNT_SID": account_sid("a"),
    "TWILIO_AUTH_TOKEN": "local-auth-token",
    "TWILIO_NUMBERS": "+15005550001, +15005550002",
    "WHATSAPP_PHONE_NUMBER_IDS": "100000000000001",
    "WHATSAPP_BUSINESS_ACCOUNT_IDS": "200000000000001",
    "WHATSAPP_NUMBERS": "15550100001",
    "WHATSAPP_ACCESS_TOKEN": "EAALOCAL",
    "WHATSAPP_APP_SECRET": "local-app-secret",
    "WHATSAPP_VERIFY_TOKEN": "local-verify-token",
}


def test_every_start_gives_the_carriers_our_address(cloud: Cloud) -> None:
    aws.create_carrier_resources(cloud.endpoint)
    known = ((200, PAGE), (200, NUMBER)) * 5
    with vendor(*known) as twilio, vendor((200, {"success": True})) as meta:
        vendors = {**VENDORS, "TWILIO_BASE_URL": twilio.url, "GRAPH_BASE_URL": meta.url}
        for port in (1, 2):
            base = f"http://127.0.0.1:{port}"
            assert connect(cloud.endpoint, base, vendors) == [
                f"{base}/api/webhooks/twilio/voice?accountId={PHONE}",
                f"{base}/api/webhooks/whatsapp?accountId={WHATSAPP}",
                f"{base}/api/webhooks/twilio/voice?accountId={PHONE}-2",
            ]
        connect(cloud.endpoint, base, {**vendors, "TWILIO_NUMBERS": "+15005550009"})
    core = Table(cloud.client("dynamodb"), "core")
    assert len(DynamoIntegrationAccounts(core).all(COMPANY.company_id)) == 3
    secret = KmsSecrets(cloud.client("kms"), core, aws.SECRETS_KEY).get(COMPANY.company_id, PHONE, "auth_token")
    assert secret == "local-auth-token"
    assert "voice%3FaccountId%3Dlocal-phone" in twilio.asked[-1].body
    assert meta.asked[0].json()["verify_token"] == "local-verify-token"
    first, second, third = (bot.chatbot_id for bot, _, _ in CHATBOTS)
    reached = numbers(cloud.endpoint)
    assert reached[first] == {"twilio": "+15005550009", "whatsapp": "+15550100001"}, "another number takes its place"
    assert reached[second] == {"twilio": "+15005550002"}
    assert third not in reached


def test_a_carriers_own_credentials_take_its_stand_ins_place_when_they_are_complete() -> None:
    standing_in = {**VENDORS, "TWILIO_BASE_URL": "http://127.0.0.1:1", "GRAPH_BASE_URL": "http://127.0.0.1:2"}
    assert real_or_standing_in({"TWILIO_ACCOUNT_SID": account_sid("b")}, standing_in) == standing_in
    real = {"TWILIO_ACCOUNT_SID": account_sid("b"), "TWILIO_AUTH_TOKEN": "real", "TWILIO_NUMBERS": "+4930123456"}
    used = real_or_standing_in(real, standing_in)
    assert used["TWILIO_AUTH_TOKEN"] == "real"
    assert browser_phones(used) == {"/whatsapp-phone": ("127.0.0.1", 2)}
    assert browser_phones(standing_in).keys() == {"/phone", "/whatsapp-phone"}


def test_without_stand_ins_nothing_is_connected(cloud: Cloud) -> None:
    aws.create_carrier_resources(cloud.endpoint)
    assert connect(cloud.endpoint, "http://127.0.0.1:1", {}) == []
