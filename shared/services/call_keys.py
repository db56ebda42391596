"""Calls that a company's own system opens, without a web page: by a key instead of an allowed domain."""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.errors import NotAuthenticated, NotFound
from shared.contracts.settings.call_key import PREFIX, CallKey
from shared.domain.permissions import Actor
from shared.ports.changes import SaveCallKey
from shared.ports.repositories import CallKeys
from shared.services.auditing import Deed, Desk, require_version
from shared.services.sessions import Admitted, SessionPorts, hash_token

KEY = re.compile(PREFIX + r"([A-Za-z0-9-]{1,64})_[A-Za-z0-9_-]{32,128}")
WRONG_KEY = "This key is not valid."
NO_KEY = "There is no call key yet."


@dataclass(frozen=True, slots=True)
class CallKeyPorts:
    """What managing the key needs. `new_token` has 256 bits."""

    keys: CallKeys
    desk: Desk
    new_token: Callable[[], str]


def renew(ports: CallKeyPorts, by: Actor, expected: int) -> tuple[CallKey, str]:
    """Make a key; it is shown this once, and the one before stops at once. Raises VersionConflict."""
    before = ports.keys.get(by.company)
    require_version(0 if before is None else before.version, expected)
    key = f"{PREFIX}{by.company}_{ports.new_token()}"
    made = CallKey(
        company_id=by.company,
        key_hash=hash_token(key),
        masked=f"••••{key[-4:]}",
        made_at=ports.desk.now(),
        version=expected,
    )
    ports.desk.write(Deed(by, "call_key.renewed", by.company, by.company), SaveCallKey(made))
    return made.model_copy(update={"version": expected + 1}), key


def revoke(ports: CallKeyPorts, by: Actor, expected: int) -> None:
    """Stop the key at once; running calls go on. Raises NotFound, VersionConflict."""
    key = ports.keys.get(by.company)
    if key is None:
        raise NotFound(NO_KEY)
    require_version(key.version, expected)
    off = key.model_copy(update={"active": False})
    ports.desk.write(Deed(by, "call_key.revoked", by.company, by.company), SaveCallKey(off))


def admit_by_key(sessions: SessionPorts, keys: CallKeys, chatbot_id: str, key: str) -> Admitted:
    """The chatbot, if the key is its company's. Raises NotAuthenticated, and NotFound for another company's chatbot."""
    found = KEY.fullmatch(key)
    kept = None if found is None else keys.get(found[1])
    if not hmac.compare_digest("" if kept is None else kept.key_hash, hash_token(key)) or kept is None:
        raise NotAuthenticated(WRONG_KEY)
    if not kept.active:
        raise NotAuthenticated(WRONG_KEY)
    company, chatbot = sessions.companies.get(kept.company_id), sessions.chatbots.get(kept.company_id, chatbot_id)
    if company is None or chatbot is None:
        raise NotFound("There is no such chatbot.")
    return Admitted(company, chatbot, sessions.chatbots.widget_config(kept.company_id, chatbot_id))
