"""Posts signed messages to companies' own systems.

The address is the company's, so it must not lead into our network: only HTTPS on the open internet is spoken to. The
name is resolved once, every address it has is checked, and the connection goes to a checked one. Redirects are not
followed, and the answer's body is not read.
"""

import ipaddress
import socket
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from shared.ports.after_call import NotDelivered

SECONDS = 10.0
Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class HttpxWebhookSender:
    """See shared.ports.after_call.WebhookSender. `local` allows plain HTTP and loopback, for one machine's platform."""

    def __init__(self, client: httpx.Client, *, local: bool = False, resolve: Resolve = resolve) -> None:
        self._client, self._local, self._resolve = client, local, resolve

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Raises NotDelivered unless the answer is a 2xx."""
        try:
            target, host = self._target(url)
            request = self._client.build_request(
                "POST",
                target,
                content=body,
                headers={**headers, "host": host, "content-type": "application/json", "user-agent": "calls-webhook/1"},
                timeout=SECONDS,
                extensions={"sni_hostname": host.partition(":")[0]},
            )
            response = self._client.send(request, stream=True, follow_redirects=False)
            response.close()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise NotDelivered(f"The address could not be reached: {type(error).__name__}.") from None
        if not response.is_success:
            raise NotDelivered(f"The address answered {response.status_code}.")

    def _target(self, url: str) -> tuple[httpx.URL, str]:
        """The address to connect to, and the name that stands in the request and its certificate."""
        parts = urlsplit(url)
        if parts.hostname is None or parts.username is not None or parts.scheme not in self._schemes():
            raise NotDelivered("The address is not one of the open internet.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        addresses = self._resolve(parts.hostname, port)
        if not addresses or not all(self._allowed(address) for address in addresses):
            raise NotDelivered("The address is not one of the open internet.")
        target = httpx.URL(url).copy_with(host=addresses[0], port=port, fragment=None)
        return target, parts.netloc

    def _schemes(self) -> tuple[str, ...]:
        return ("https", "http") if self._local else ("https",)

    def _allowed(self, address: str) -> bool:
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or found
        return (mapped.is_global and not mapped.is_multicast) or (self._local and mapped.is_loopback)
