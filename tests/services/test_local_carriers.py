"""The demo company and the carriers' stand-ins find each other on this machine."""

from infra.local import aws
from infra.local.carriers import PHONE, WHATSAPP, connect
from infra.local.demo import COMPANY
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


def test_every_start_gives_the_carriers_our_address(cloud: Cloud) -> None:
    aws.create_carrier_resources(cloud.endpoint)
    numbers = ((200, PAGE), (200, NUMBER)) * 2
    with vendor(*numbers) as twilio, vendor((200, {"success": True})) as meta:
        vendors = {
            "TWILIO_BASE_URL": twilio.url,
            "TWILIO_ACCOUNT_SID": account_sid("a"),
            "TWILIO_AUTH_TOKEN": "local-auth-token",
            "TWILIO_NUMBER": "+15005550001",
            "GRAPH_BASE_URL": meta.url,
            "WHATSAPP_PHONE_NUMBER_ID": "100000000000001",
            "WHATSAPP_BUSINESS_ACCOUNT_ID": "200000000000001",
            "WHATSAPP_NUMBER": "15550100001",
            "WHATSAPP_ACCESS_TOKEN": "EAALOCAL",
            "WHATSAPP_APP_SECRET": "local-app-secret",
            "WHATSAPP_VERIFY_TOKEN": "local-verify-token",
        }
        for port in (1, 2):
            base = f"http://127.0.0.1:{port}"
            assert connect(cloud.endpoint, base, vendors) == [
                f"{base}/api/webhooks/twilio/voice?accountId={PHONE}",
                f"{base}/api/webhooks/whatsapp?accountId={WHATSAPP}",
            ]
    core = Table(cloud.client("dynamodb"), "core")
    assert len(DynamoIntegrationAccounts(core).all(COMPANY.company_id)) == 2
    secret = KmsSecrets(cloud.client("kms"), core, aws.SECRETS_KEY).get(COMPANY.company_id, PHONE, "auth_token")
    assert secret == "local-auth-token"
    assert "voice%3FaccountId%3Dlocal-phone" in twilio.asked[-1].body
    assert meta.asked[0].json()["verify_token"] == "local-verify-token"


def test_without_stand_ins_nothing_is_connected(cloud: Cloud) -> None:
    aws.create_carrier_resources(cloud.endpoint)
    assert connect(cloud.endpoint, "http://127.0.0.1:1", {}) == []
