"""Secrets: what is stored does not open elsewhere, and nothing but four characters is ever shown."""

import json

import pytest
from botocore.exceptions import ClientError

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.media.carrier_accounts import CarrierAccounts
from shared.adapters.aws.secrets import KmsSecrets, masked
from shared.contracts.errors import InvalidRequest
from shared.contracts.records.secret import StoredSecret
from shared.contracts.settings.integration import TwilioAccount
from tests.platform import Cloud
from tests.services.carrier_world import SECRETS, CarrierWorld, account_sid
from tests.services.world import START, World

VALUE = "canary-secret-value-1234"


@pytest.fixture
def carriers(world: World) -> CarrierWorld:
    return CarrierWorld(world)


def test_a_secret_can_be_used_and_is_nowhere_to_be_read(carriers: CarrierWorld) -> None:
    hint = carriers.secrets.put("company-a", "acc-1", "auth_token", f" {VALUE}\n", START)
    assert (hint.masked, hint.set_at) == ("••••1234", START)
    assert carriers.secrets.get("company-a", "acc-1", "auth_token") == VALUE
    assert dict(carriers.secrets.hints("company-a", "acc-1")) == {"auth_token": hint}
    assert VALUE not in json.dumps(carriers.world.items(), default=str)
    assert carriers.accounts.all("company-a") == []


def test_short_secrets_are_not_shown_in_part() -> None:
    assert masked("123456789012345") == "••••"
    assert masked("1234567890123456") == "••••3456"


def test_another_company_account_or_field_has_no_such_secret(carriers: CarrierWorld) -> None:
    carriers.secrets.put("company-a", "acc-1", "auth_token", VALUE, START)
    for where in (
        ("company-b", "acc-1", "auth_token"),
        ("company-a", "acc-2", "auth_token"),
        ("company-a", "acc-1", "x"),
    ):
        assert carriers.secrets.get(*where) is None
        assert carriers.secrets.signing(*where) not in (VALUE, carriers.secrets.signing(*where))
    assert carriers.secrets.signing("company-a", "acc-1", "auth_token") == VALUE


@pytest.mark.parametrize(
    "where", [("company-b", "acc-1", "f"), ("company-a", "acc-2", "f"), ("company-a", "acc-1", "g")]
)
def test_a_ciphertext_moved_elsewhere_does_not_open(carriers: CarrierWorld, where: tuple[str, str, str]) -> None:
    carriers.secrets.put("company-a", "acc-1", "f", VALUE, START)
    stored = carriers.world.core.get(keys.secret("company-a", "acc-1", "f"), StoredSecret)
    assert stored is not None
    carriers.world.core.put(keys.secret(*where), stored)
    with pytest.raises(ClientError):
        KmsSecrets(carriers.kms, carriers.world.core, carriers.key_id).get(*where)


def test_a_replaced_secret_is_never_read_from_memory(carriers: CarrierWorld) -> None:
    other = KmsSecrets(carriers.kms, carriers.world.core, carriers.key_id)
    carriers.secrets.put("company-a", "acc-1", "f", VALUE, START)
    assert other.get("company-a", "acc-1", "f") == VALUE
    carriers.secrets.put("company-a", "acc-1", "f", "another-value", START)
    assert other.get("company-a", "acc-1", "f") == "another-value"
    carriers.secrets.forget("company-a", "acc-1")
    assert other.get("company-a", "acc-1", "f") is None and not other.hints("company-a", "acc-1")


@pytest.mark.parametrize("value", ["", "  \n", "x" * 2049, "tökén-0123456789"])
def test_what_no_secret_can_be_is_refused(carriers: CarrierWorld, value: str) -> None:
    with pytest.raises(InvalidRequest):
        carriers.secrets.put("company-a", "acc-1", "f", value, START)


async def test_media_processes_read_accounts_and_secrets(cloud: Cloud) -> None:
    from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
    from shared.adapters.aws.dynamo.table import Table

    core = Table(cloud.client("dynamodb"), "core")
    kms = cloud.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    account = TwilioAccount(
        company_id="acme", account_id="acc-1", name="M", account_sid=account_sid("a"), phone_number="+12025550111"
    )
    DynamoIntegrationAccounts(core).create(account)
    KmsSecrets(kms, core, key_id).put("acme", "acc-1", "auth_token", SECRETS["auth_token"], START)
    async with cloud.aclient("dynamodb") as dynamo, cloud.aclient("kms") as akms:
        reader = CarrierAccounts(dynamo, akms, core="core")
        assert await reader.account("acc-1") == account
        assert await reader.account("acc-2") is None
        assert await reader.secret("acme", "acc-1", "auth_token") == SECRETS["auth_token"]
        assert await reader.secret("acme", "acc-1", "auth_token") == SECRETS["auth_token"]
        assert await reader.secret("other", "acc-1", "auth_token") is None
