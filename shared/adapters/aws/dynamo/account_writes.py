"""What writing a carrier account consists of: the account, whose it is, and the names only one may have (table `core`).

Each action comes with what it means that its condition failed; None: the account is not as it was read any more.
"""

from typing import Any

from shared.adapters.aws.dynamo import keys
from shared.adapters.aws.dynamo.documents import Key, from_item, put_arguments, rev_of
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.records.secret import StoredSecret
from shared.contracts.settings.integration import (
    AccountLink,
    AccountRef,
    IntegrationAccount,
    TwilioAccount,
    WhatsAppAccount,
)

Action = dict[str, Any]
NAME_TAKEN = "Account name must be unique"
NUMBER_TAKEN = "This phone number is already connected to another account."


def actions(
    core: Table, before: IntegrationAccount | None, after: IntegrationAccount | None
) -> list[tuple[Action, str | None]]:
    """Create, replace or delete an account."""
    if before is None:
        assert after is not None
        return _created(core, after)
    if after is None:
        gone = (_name_key(before), number_key(before), keys.account_lookup(before.account_id))
        return [(_unchanged(core, before, None), None), *((_delete(core, key), None) for key in gone)]
    found: list[tuple[Action, str | None]] = [(_unchanged(core, before, after), None)]
    for old, new, sentence in (
        (_name_key(before), _name_key(after), NAME_TAKEN),
        (number_key(before), number_key(after), NUMBER_TAKEN),
    ):
        if old != new:
            found += [(_put(core, new, _ref(after), None), sentence), (_delete(core, old), None)]
    return found


def secret_action(core: Table, secret: StoredSecret) -> Action:
    """Store a secret, whatever was there."""
    key = keys.secret(secret.company_id, secret.account_id, secret.hint.field)
    put = put_arguments(core.name, key, secret, replaces=None)
    del put["ConditionExpression"]
    return {"Put": put}


def link_action(core: Table, link: AccountLink, *, on: bool) -> Action:
    """Store or delete a link, whatever was there."""
    key = keys.account_link(link.company_id, link.account_id, link.chatbot_id)
    if not on:
        return _delete(core, key)
    put = put_arguments(core.name, key, link, replaces=None)
    del put["ConditionExpression"]
    return {"Put": put}


def account_key(account: IntegrationAccount) -> Key:
    """Where an account lies."""
    return keys.integration_account(account.company_id, account.account_id)


def number_key(account: IntegrationAccount) -> Key:
    """What nobody else may have connected."""
    number = account.phone_number if isinstance(account, TwilioAccount) else account.phone_number_id
    return keys.account_number(account.kind, number)


def _created(core: Table, account: IntegrationAccount) -> list[tuple[Action, str | None]]:
    ref = _ref(account)
    return [
        (_put(core, account_key(account), account, None), None),
        (_put(core, keys.account_lookup(account.account_id), ref, None), None),
        (_put(core, _name_key(account), ref, None), NAME_TAKEN),
        (_put(core, number_key(account), ref, None), NUMBER_TAKEN),
    ]


def _unchanged(core: Table, before: IntegrationAccount, after: IntegrationAccount | None) -> Action:
    """Replace or delete the account if it still is as it was read; no item has the revision that stands for "not"."""
    item = core.item(account_key(before))
    kind = TwilioAccount if isinstance(before, TwilioAccount) else WhatsAppAccount
    same = item is not None and from_item(item, kind) == before
    rev = rev_of(item) if same and item is not None else -1
    put = put_arguments(core.name, account_key(before), after or before, replaces=rev)
    if after is not None:
        return {"Put": put}
    condition = {name: put[name] for name in put if name.startswith(("Condition", "Expression"))}
    return {"Delete": {"TableName": core.name, "Key": account_key(before).attributes, **condition}}


def _put(core: Table, key: Key, model: IntegrationAccount | AccountRef, rev: int | None) -> Action:
    return {"Put": put_arguments(core.name, key, model, replaces=rev)}


def _delete(core: Table, key: Key) -> Action:
    return {"Delete": {"TableName": core.name, "Key": key.attributes}}


def _name_key(account: IntegrationAccount) -> Key:
    return keys.account_name(account.company_id, account.name)


def _ref(account: IntegrationAccount) -> AccountRef:
    return AccountRef(company_id=account.company_id, account_id=account.account_id)
