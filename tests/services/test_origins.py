"""Allowed Domains against the tricks by which another site could pass for one of them."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts.settings.widget_config import Advanced
from shared.domain.origins import frame_ancestors, origin_allowed, origin_of, parse_origin

OWN = "https://calls.example"


@pytest.mark.parametrize(
    ("origin", "entry"),
    [
        ("https://example.com", "example.com"),
        ("http://example.com", "example.com"),
        ("https://EXAMPLE.com", "Example.COM"),
        ("https://example.com:8443", "example.com"),
        ("https://example.com:8443", "example.com:8443"),
        ("https://example.com", "example.com:443"),
        ("http://example.com:80", "example.com:80"),
        ("https://example.com", "https://example.com"),
        ("https://example.com.", "example.com"),
        ("https://shop.example.com", "*.example.com"),
        ("https://a.b.example.com", "*.example.com"),
        ("https://a.b.example.com:8443", "https://*.example.com:8443"),
        ("https://bücher.example", "bücher.example"),
        ("https://xn--bcher-kva.example", "bücher.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
        ("https://www.bücher.example", "*.bücher.example"),
        ("http://localhost:3000", "localhost:3000"),
        ("http://127.0.0.1:3000", "127.0.0.1"),
        (OWN, "example.com"),
        (OWN + ":443", "example.com"),
    ],
)
def test_allowed(origin: str, entry: str) -> None:
    assert Advanced(allowed_domains=(entry,)).allowed_domains == (entry,)
    assert origin_allowed(origin, ["elsewhere.example", entry], OWN)


@pytest.mark.parametrize(
    ("origin", "entry"),
    [
        ("https://example.com.evil.io", "example.com"),
        ("https://evilexample.com", "example.com"),
        ("https://evilexample.com", "*.example.com"),
        ("https://example.com.evil.io", "*.example.com"),
        ("https://example.com", "*.example.com"),
        ("https://shop.example.com", "example.com"),
        ("https://example.com:8443", "example.com:443"),
        ("http://example.com", "example.com:443"),
        ("http://example.com", "https://example.com"),
        ("https://exаmple.com", "example.com"),  # a Cyrillic letter
        ("https://xn--exmple-4nf.com", "example.com"),
        ("null", "example.com"),
        ("", "example.com"),
        ("example.com", "example.com"),
        ("//example.com", "example.com"),
        ("file://example.com", "example.com"),
        ("chrome-extension://example.com", "example.com"),
        ("https://example.com/", "example.com"),
        ("https://example.com/path", "example.com"),
        ("https://example.com?", "example.com"),
        ("https://example.com#", "example.com"),
        ("https://example.com:", "example.com"),
        ("https://example.com:0x1bb", "example.com"),
        ("https://example.com:99999", "example.com"),
        ("https://user@example.com", "example.com"),
        ("https://user:pass@example.com", "example.com"),
        ("https://example.com@evil.io", "example.com"),
        ("https://@example.com", "example.com"),
        ("https://evil.io\\.example.com", "*.example.com"),
        ("https://evil.io%2eexample.com", "*.example.com"),
        ("https://evil.io, https://example.com", "example.com"),
        ("https://example.com https://evil.io", "example.com"),
        ("https://exam\nple.com", "example.com"),
        ("https://exam\tple.com", "example.com"),
        (" https://example.com", "example.com"),
        ("https://example.com\x00", "example.com"),
        ("https://*.example.com", "*.example.com"),
        ("https://.example.com", "*.example.com"),
        ("https://[::1]", "example.com"),
        ("https://[::1", "example.com"),
        ("https://calls.example.evil.io", "example.com"),
        ("http://calls.example", "example.com"),
        ("https://calls.example:8443", "example.com"),
    ],
)
def test_refused(origin: str, entry: str) -> None:
    assert not origin_allowed(origin, [entry], OWN)


def test_an_empty_list_allows_every_web_site_but_nothing_else() -> None:
    assert origin_allowed("https://anything.example", [], OWN)
    for origin in ("null", "", "file://", "https://example.com/"):
        assert not origin_allowed(origin, [], OWN)


@pytest.mark.parametrize("line", ["", "a b", "https://example.com/shop", "ex*mple.com", "*", "user@example.com", "a,b"])
def test_lines_that_are_no_domain_cannot_be_saved(line: str) -> None:
    with pytest.raises(ValidationError):
        Advanced(allowed_domains=(line,))


def test_the_platforms_origin_is_taken_from_its_address() -> None:
    assert origin_of("https://Calls.example/") == "https://calls.example"
    assert origin_of("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_who_may_frame_the_call_interface() -> None:
    assert frame_ancestors([], OWN) == "frame-ancestors http: https:"
    assert frame_ancestors(
        ["https://example.com", "*.Bücher.example", "a.example:8443", "; script-src *", "a;b"], OWN
    ) == (
        "frame-ancestors https://calls.example https://example.com:* https://*.xn--bcher-kva.example:* "
        "http://*.xn--bcher-kva.example:* https://a.example:8443 http://a.example:8443"
    )


LABELS = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


@given(HOSTS, st.text(max_size=20))
def test_only_the_name_itself_and_names_under_a_wildcard_match(host: str, junk: str) -> None:
    assert origin_allowed(f"https://{host}", [host], OWN)
    assert origin_allowed(f"https://sub.{host}", [f"*.{host}"], OWN)
    for attack in (f"https://{host}.evil.invalid", f"https://evil{host}", f"https://{host}{junk}.evil.invalid"):
        assert not origin_allowed(attack, [host, f"*.{host}"], OWN)


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    for origin in (text, f"https://{text}"):
        found = parse_origin(origin)
        assert found is None or (found.host.isascii() and found.scheme in ("http", "https"))
        assert origin_allowed(origin, ["example.com"], OWN) <= (found is not None)
