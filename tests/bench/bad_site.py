"""A media process with good calls on it, and what bad neighbours need to come near it."""

import asyncio
import contextlib
import itertools
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.server import ThreadedMotoServer

from infra.tables import TABLES, create_table_arguments
from media_tier.legs.twilio_gate import signature_of
from shared.adapters.aws.dynamo.integration_accounts import DynamoIntegrationAccounts
from shared.adapters.aws.dynamo.table import Table
from shared.adapters.aws.secrets import KmsSecrets
from shared.contracts.records.call import CallRecord, Channel, FrozenConfiguration, Session
from shared.contracts.settings.ai_model import AiModel
from shared.contracts.settings.call_settings import CallSettings, RecordingSettings, VoiceSettings
from shared.contracts.settings.company import Chatbot
from shared.contracts.settings.integration import TwilioAccount
from shared.domain.catalogue import MODELS
from shared.services.sessions import hash_token
from tests.bench import bad_callers as bad
from tests.bench.bad_callers import Ending, Ticket
from tests.functions.api import Widget
from tests.platform import CREDENTIALS, REGION, client_of
from tests.services.world import BUCKET, SITE, Atomic, World

PUBLIC, ACCOUNT_ID, AUTH_TOKEN = "https://calls.example.com", "phone", "auth-token"
OPENAI = next(model for model in MODELS if model.provider == "openai")
GEMINI = next(model for model in MODELS if model.provider == "google")


def call_settings(model: AiModel) -> CallSettings:
    """Unrecorded calls with this model."""
    voice = VoiceSettings(voice_id=model.voices[0].id)
    return CallSettings(ai_model_id=model.id, voice=voice, recording=RecordingSettings(enabled=False))


class Site:
    """The running processes, and what is stored for them."""

    def __init__(self, world: World, media: "subprocess.Popen[bytes]", port: int, good: "Neighbours") -> None:
        self.world, self.media, self.port, self.good = world, media, port, good
        self._numbers = itertools.count()

    def ticket(self, model: AiModel = OPENAI, company: str = "company-a", **changes: Any) -> Ticket:
        """A fresh session, as the API stores it; `changes` are what a bad caller does to it."""
        return replace(self._open(next(self._numbers), company, model, SITE), **changes)

    def _open(self, number: int, company: str, model: AiModel, origin: str, **more: Any) -> Ticket:
        now = datetime.now(UTC)
        call_id, session_id, token = f"call-{number}", f"session-{number}", f"token-{number:037d}"
        configuration = FrozenConfiguration(settings=call_settings(model), settings_version=1, model=model)
        ids = {"company_id": company, "chatbot_id": "bot-a", "call_id": call_id, "session_id": session_id}
        call = CallRecord(**ids, configuration=configuration, created_at=now, **more)
        session = Session(
            **ids,
            origin=origin,
            token_hash=hash_token(token),
            read_hash="read",
            created_at=now,
            connect_by=now + timedelta(seconds=60),
            expires_at=now + timedelta(hours=24),
        )
        self.world.calls.open(call, session)
        return Ticket(self.port, session_id, token, origin)

    def stream(self, *, token: str = "", signature: str = "", call_sid: str = "") -> Ticket:
        """A phone call that was answered, and the stream that is due; what is given is what is wrong with it."""
        number, origin = next(self._numbers), f"twilio:{ACCOUNT_ID}"
        sid = f"CA{number:032x}"
        good = self._open(number, "company-a", OPENAI, origin, channel=Channel.TWILIO, carrier_call_id=sid)
        ticket = replace(good, token=token or good.token, account=ACCOUNT_ID, call_sid=call_sid or sid)
        url = f"{PUBLIC.replace('https', 'wss')}{ticket.head.split(' ')[1]}"
        return replace(ticket, signature=signature or signature_of(AUTH_TOKEN, url))

    def ask(self, origin: str = SITE, **body: Any) -> Ending:
        """Ask the public API for a call, from an address of one's own."""
        address = f"198.51.100.{next(self._numbers) % 250}"
        response = asyncio.run(Widget(self.world, origin).start(address=address, **body))
        error = response.json().get("error", {"code": "", "message": ""})
        return Ending(response.status_code, error["code"], error["message"])

    @property
    def memory_kb(self) -> int:
        """What the media process holds."""
        with open(f"/proc/{self.media.pid}/status") as status:  # noqa: PTH123 - not a file anybody keeps
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Neighbours:
    """The process with the good calls."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.neighbours"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.provider_port = int(self._answer()["provider"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the good neighbours are gone")
        return dict(json.loads(line))

    def tell(self, **order: Any) -> dict[str, Any]:
        """Say something and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def window(self, name: str) -> dict[str, Any]:
        """What happened since this was last asked."""
        return self.tell(window=name)

    def close(self) -> None:
        """End the process; a failed call of its is raised."""
        failed = self.tell(stop=True)["failed"] if self._process.poll() is None else []
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        if failed:
            raise RuntimeError(failed[0])


def _install(endpoint: str) -> World:
    """Two companies: A may be called, B has calls switched off, and A's second chatbot has a model that is gone."""
    dynamo, s3, kms = (client_of(service, endpoint) for service in ("dynamodb", "s3", "kms"))
    for spec in TABLES:
        dynamo.create_table(**create_table_arguments(spec))
    s3.create_bucket(Bucket=BUCKET)
    world = World(Atomic(dynamo), s3, now=datetime.now(UTC))
    world.models.save(OPENAI)
    world.company(company_id="company-a", concurrent=5000)
    world.company(company_id="company-b", call_enabled=False)
    for company, bot, model_id in (
        ("company-a", "bot-a", OPENAI.id),
        ("company-b", "bot-b", OPENAI.id),
        ("company-a", "bot-c", "retired"),
    ):
        chatbot = Chatbot(company_id=company, chatbot_id=bot, name="Support", enabled_call=True)
        world.chatbots.save(chatbot)
        world.chatbots.publish(chatbot, call_settings(OPENAI).model_copy(update={"ai_model_id": model_id}))
        world.widget(bot, company, advanced={"allowed_domains": ("*.shop.example",)})
    core = Table(dynamo, "core")
    names = {"company_id": "company-a", "account_id": ACCOUNT_ID, "name": "Phone", "chatbot_id": "bot-a"}
    account = TwilioAccount(**names, account_sid=bad.ACCOUNT_SID, phone_number="+15005550001")
    DynamoIntegrationAccounts(core).create(account)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    KmsSecrets(kms, core, key).put("company-a", ACCOUNT_ID, "auth_token", AUTH_TOKEN, datetime.now(UTC))
    return world


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_ready(port: int, media: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and media.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("the media process is not ready")


@contextmanager
def running(calls: int, prepare: Callable[[str], Mapping[str, str]] = lambda endpoint: {}) -> Iterator[Site]:
    """Everything started, with so many good calls under way.

    `prepare` may store things at the storage's address and returns what the media process's environment needs.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, storage_port = server.get_host_and_port()
    endpoint, port = f"http://{host}:{storage_port}", _free_port()
    # What an earlier site of this process stored is still there.
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    world, good = _install(endpoint), Neighbours()
    queue = client_of("sqs", endpoint).create_queue(QueueName="call-ended")["QueueUrl"]
    environment = {
        **{name.upper(): value for name, value in CREDENTIALS.items()},
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "STAGE": "test",
        "LOG_LEVEL": "ERROR",
        "RECORDINGS_BUCKET": BUCKET,
        "CALL_ENDED_QUEUE_URL": str(queue),
        "MEDIA_HOST": "127.0.0.1",
        "MEDIA_PORT": str(port),
        "DRAIN_SECONDS": "0",
        "PUBLIC_BASE_URL": PUBLIC,
        "OPENAI_API_KEY": "none",
        "OPENAI_WEBSOCKET_BASE_URL": f"ws://127.0.0.1:{good.provider_port}",
        **prepare(endpoint),
    }
    media = subprocess.Popen([sys.executable, "-m", "media_tier"], env={**os.environ, **environment})
    try:
        _await_ready(port, media)
        site = Site(world, media, port, good)
        tickets = [site.ticket() for _ in range(calls)]
        sessions = [(ticket.session_id, ticket.token) for ticket in tickets]
        good.tell(port=port, origin=SITE, sessions=sessions)
        yield site
    finally:
        try:
            good.close()
        finally:
            media.terminate()
            try:
                media.wait(20)
            finally:
                media.kill()
                server.stop()


@dataclass(frozen=True)
class Case:
    """A way to misbehave and how it must end, each time."""

    name: str
    attack: Callable[[Site], Ending]
    ends: Ending
    alongside: bool = False
    """It takes long by nature and goes on beside the cases after it."""
