"""Messages to companies' systems: over real HTTP, never into our own network, signed as the standard says."""

from collections.abc import Sequence

import httpx
import pytest

from shared.adapters.webhook_sender import HttpxWebhookSender
from shared.domain.webhook_signatures import BadSigningSecret, signed_headers
from shared.ports.after_call import NotDelivered
from tests.services.vendor import vendor


def resolving(*addresses: str) -> Sequence[str]:
    return addresses


def test_a_message_arrives_with_its_headers_and_body() -> None:
    with vendor((204, b"")) as theirs, httpx.Client() as client:
        HttpxWebhookSender(client, local=True).send(
            f"{theirs.url}/hook?a=1", {"authorization": "v1"}, b'{"a":"\xc3\xa9"}'
        )
    (asked,) = theirs.asked
    assert (asked.method, asked.path, asked.body, asked.authorization) == ("POST", "/hook?a=1", '{"a":"é"}', "v1")


@pytest.mark.parametrize("status", [302, 404, 503])
def test_anything_but_success_is_not_delivered(status: int) -> None:
    with vendor((status, b"")) as theirs, httpx.Client() as client, pytest.raises(NotDelivered, match=str(status)):
        HttpxWebhookSender(client, local=True).send(theirs.url, {}, b"{}")
    assert len(theirs.asked) == 1, "a redirect is not followed"


def test_silence_is_not_delivered() -> None:
    with vendor(None) as theirs, httpx.Client() as client, pytest.raises(NotDelivered):
        HttpxWebhookSender(client, local=True).send(theirs.url, {}, b"{}")


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.8",),
        ("169.254.169.254",),
        ("100.64.0.1",),
        ("::1",),
        ("fe80::1%eth0",),
        ("fd00:ec2::254",),
        ("::ffff:10.0.0.8",),
        ("224.0.0.1",),
        ("0.0.0.0",),
        ("93.184.215.14", "10.0.0.8"),
        (),
    ],
)
def test_our_own_network_is_never_spoken_to(addresses: tuple[str, ...]) -> None:
    reached: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        reached.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(take)) as client:
        sender = HttpxWebhookSender(client, resolve=lambda host, port: resolving(*addresses))
        with pytest.raises(NotDelivered):
            sender.send("https://hooks.example/x", {}, b"{}")
    assert reached == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https:///x",
        "https://a@hooks.example/",
        "https://h.example:99999/",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as client:
        sender = HttpxWebhookSender(client, resolve=lambda host, port: resolving("93.184.215.14"))
        with pytest.raises(NotDelivered):
            sender.send(url, {}, b"{}")


def test_the_signature_is_the_standards() -> None:
    """The example of the specification (github.com/standard-webhooks/standard-webhooks, its libraries' shared test)."""
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_###", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_a_secret_of_another_form_signs_nothing(secret: str) -> None:
    with pytest.raises(BadSigningSecret):
        signed_headers(secret, "id", 1, b"")
