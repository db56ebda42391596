"""Administrative writes as one transaction over `core` and `ledger`."""

from typing import Any, assert_never

from botocore.exceptions import ClientError
from pydantic import BaseModel

from shared.adapters.aws.dynamo import account_writes, keys
from shared.adapters.aws.dynamo.documents import Key, delete_arguments, lost_condition, put_arguments, rev_of
from shared.adapters.aws.dynamo.integration_accounts import ACCOUNT
from shared.adapters.aws.dynamo.table import Table
from shared.contracts.errors import Conflict, VersionConflict
from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.user import User
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.company import Chatbot, ChatbotRef, Company
from shared.contracts.settings.integration import IntegrationAccount
from shared.contracts.settings.package import Package
from shared.ports.changes import (
    ChangeAccount,
    Claim,
    Editable,
    LinkAccount,
    Offer,
    PublishPackage,
    PublishSettings,
    Release,
    Save,
    SaveCallKey,
    SaveEndpoint,
    SavePolicy,
    SaveWidget,
    Write,
)

Action = dict[str, Any]
PlainWrite = (
    Save
    | SaveWidget
    | PublishSettings
    | PublishPackage
    | Offer
    | Claim
    | Release
    | LinkAccount
    | SavePolicy
    | SaveEndpoint
    | SaveCallKey
)


class _Name(BaseModel):
    """What is stored for a name that is taken."""

    value: str


class DynamoChanges:
    """See shared.ports.changes."""

    def __init__(self, core: Table, ledger: Table) -> None:
        self._core, self._ledger = core, ledger

    def commit(self, entry: AuditEntry, *writes: Write) -> None:
        """Write everything or nothing."""
        actions: list[tuple[Write | str | None, Action]] = [(None, self._audit(entry))]
        for write in writes:
            if isinstance(write, ChangeAccount):
                found = account_writes.actions(self._core, write.before, write.after)
                actions += [(taken or write, action) for action, taken in found]
                actions += [(None, account_writes.secret_action(self._core, secret)) for secret in write.secrets]
            else:
                actions += [(write, action) for action in self._actions(write)]
        try:
            self._core.client.transact_write_items(TransactItems=[action for _, action in actions])
        except ClientError as error:
            if not lost_condition(error):
                raise
            reasons: list[Action] = error.response.get("CancellationReasons", [])  # type: ignore[assignment]  # not in botocore's types
            self._refuse([write for write, _ in actions], reasons)
            raise Conflict("Somebody else changed this at the same time.") from error

    def _refuse(self, writes: list[Write | str | None], reasons: list[Action]) -> None:
        """A name that is taken explains itself; everything else is a version that is not current any more."""
        lost = [
            write
            for write, reason in zip(writes, reasons, strict=False)
            if write is not None and reason.get("Code") == "ConditionalCheckFailed"
        ]
        for write in lost:
            if isinstance(write, Claim | str):
                raise Conflict(write if isinstance(write, str) else write.refusal)
        for write in lost:
            if isinstance(write, Save):
                raise VersionConflict(self._current(_key(write.record)))
            if isinstance(write, SaveWidget):
                raise VersionConflict(self._current(keys.widget_config(write.company_id, write.chatbot_id)))
            if isinstance(write, SavePolicy):
                raise VersionConflict(self._current(keys.outbound_policy(write.company_id)))
            if isinstance(write, SaveEndpoint):
                raise VersionConflict(self._current(keys.webhook_endpoint(write.endpoint.company_id)))
            if isinstance(write, SaveCallKey):
                raise VersionConflict(self._current(keys.call_key(write.key.company_id)))
            if isinstance(write, ChangeAccount) and write.before is not None:
                raise VersionConflict(self._account_version(write.before))

    def _current(self, key: Key) -> int:
        item = self._core.item(key)
        return 0 if item is None else rev_of(item)

    def _account_version(self, account: IntegrationAccount) -> int:
        item = self._core.item(account_writes.account_key(account))
        return 0 if item is None else ACCOUNT.validate_json(item["data"]["S"]).version

    def _audit(self, entry: AuditEntry) -> Action:
        key = keys.access(entry.company_id, f"{entry.at:%Y%m}", entry.at.isoformat(), entry.entry_id)
        extra = keys.audit_extra(entry.company_id, entry.entity_id, entry.at.isoformat())
        return {"Put": put_arguments(self._ledger.name, key, entry, replaces=None, extra=extra)}

    def _actions(self, write: PlainWrite) -> list[Action]:
        match write:
            case Save(record):
                return self._save(record)
            case SaveWidget(company_id, chatbot_id, config, publication):
                where = (company_id, chatbot_id, publication.number)
                return [
                    self._put(keys.widget_config(company_id, chatbot_id), config, publication.number - 1 or None),
                    self._put(keys.widget_version(*where), config, None),
                    self._put(keys.widget_publication(*where), publication, None),
                ]
            case PublishSettings(bot, settings, publication):
                at = (bot.company_id, bot.chatbot_id, publication.number)
                return [
                    self._put(keys.call_settings(*at), settings, None),
                    self._put(keys.publication(*at), publication, None),
                ]
            case PublishPackage(version):
                key = keys.package_version(version.package_id, version.number)
                return [self._put(key, version, None), *self._actions(Offer(version.package_id, version))]
            case Offer(package_id, offered):
                return [self._offer(package_id, offered)]
            case Claim(kind, scope, value):
                return [self._put(keys.claim(kind, scope, value), _Name(value=value), None)]
            case Release(kind, scope, value):
                return [{"Delete": delete_arguments(self._core.name, keys.claim(kind, scope, value), replaces=None)}]
            case LinkAccount(link, on):
                return [account_writes.link_action(self._core, link, on=on)]
            case SavePolicy(company_id, policy):
                saved = policy.model_copy(update={"version": policy.version + 1})
                return [self._put(keys.outbound_policy(company_id), saved, policy.version or None)]
            case SaveCallKey(key):
                shown = key.model_copy(update={"version": key.version + 1})
                return [self._put(keys.call_key(key.company_id), shown, key.version or None)]
            case SaveEndpoint(endpoint, secrets):
                kept = endpoint.model_copy(update={"version": endpoint.version + 1})
                place = keys.webhook_endpoint(endpoint.company_id)
                sealed = [account_writes.secret_action(self._core, secret) for secret in secrets]
                return [self._put(place, kept, endpoint.version or None), *sealed]
            case _:
                assert_never(write)

    def _save(self, record: Editable) -> list[Action]:
        extra = None
        if isinstance(record, Company):
            extra = keys.company_extra(record)
        elif isinstance(record, Chatbot):
            extra = keys.chatbot_extra(record)
        stored = record.model_copy(update={"version": record.version + 1})
        saved = [self._put(_key(record), stored, record.version or None, extra)]
        if isinstance(record, Chatbot) and record.version == 0:
            ref = ChatbotRef(company_id=record.company_id, chatbot_id=record.chatbot_id)
            saved.append(self._put(keys.chatbot_lookup(record.chatbot_id), ref, None))
        return saved

    def _offer(self, package_id: str, offered: BaseModel | None) -> Action:
        """The package itself is saved in the same commit, and its version guards this."""
        key = keys.offered_package(package_id)
        if offered is None:
            return {"Delete": delete_arguments(self._core.name, key, replaces=None)}
        put = put_arguments(self._core.name, key, offered, replaces=None)
        del put["ConditionExpression"]
        return {"Put": put}

    def _put(self, key: Key, model: BaseModel, replaces: int | None, extra: dict[str, str] | None = None) -> Action:
        return {"Put": put_arguments(self._core.name, key, model, replaces=replaces, extra=extra)}


def _key(record: Editable) -> Key:
    match record:
        case Company():
            return keys.company(record.company_id)
        case Chatbot():
            return keys.chatbot(record.company_id, record.chatbot_id)
        case User():
            return keys.user(record.company_id, record.user_id)
        case Package():
            return keys.package(record.package_id)
        case AiModel():
            return keys.ai_model(record.id)
        case _:
            assert_never(record)
