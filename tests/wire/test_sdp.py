"""Meta's offers: the real shape is understood, everything else is refused by name, fast, and without surprises."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_tier.legs.whatsapp_sdp import (
    REFUSALS,
    Candidate,
    Local,
    Remote,
    SdpRefused,
    parse_answer,
    parse_offer,
    render_answer,
    render_offer,
)
from tests.wire.sdp_offers import META_OFFER

LOCAL = Local(
    ufrag="ours",
    password="p" * 22,
    fingerprint=":".join(["AB"] * 32),
    candidates=(Candidate("f1", 2130706431, "203.0.113.9", 50_000), Candidate("f2", 2130706430, "2001:db8::9", 50_001)),
    ssrc=4242,
    cname="cname",
    session_id=77,
)
FINGERPRINT = next(line for line in META_OFFER.split("\r\n") if line.startswith("a=fingerprint"))


def refusal(text: str) -> str:
    with pytest.raises(SdpRefused) as refused:
        parse_offer(text)
    return refused.value.why


def swapped(old: str, new: str) -> str:
    assert META_OFFER.count(old) >= 1
    return META_OFFER.replace(old, new)


def test_metas_offer_is_understood() -> None:
    offer = parse_offer(META_OFFER)
    assert (offer.ufrag, offer.password) == ("AbCdEf123456/7", "0123456789abcdefghijklmnopqrstuv")
    assert (offer.opus, offer.events, offer.mid, offer.our_setup) == (111, 126, "audio", "active")
    assert [(c.address, c.port) for c in offer.candidates] == [("2a03:2880::20", 40012), ("157.240.0.20", 40012)]
    assert FINGERPRINT.endswith(offer.fingerprint)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_both_line_ends_are_read(line_end: str) -> None:
    assert parse_offer(META_OFFER.replace("\r\n", line_end)) == parse_offer(META_OFFER)


def test_the_answer_is_one_meta_accepts() -> None:
    answer = render_answer(parse_offer(META_OFFER), LOCAL)
    lines = answer.split("\r\n")
    assert lines[0] == "v=0"
    assert lines[-1] == "" and "\n" not in "".join(lines)
    assert [line for line in lines if line.startswith("a=fingerprint")] == [
        f"a=fingerprint:sha-256 {LOCAL.fingerprint}"
    ]
    assert answer.count("m=") == 1 and "m=audio 50000 UDP/TLS/RTP/SAVPF 111 126" in lines
    assert {"a=setup:active", "a=rtcp-mux", "a=mid:audio", "a=rtpmap:111 opus/48000/2", "a=sendrecv"} <= set(lines)
    assert {"a=rtpmap:126 telephone-event/8000", "a=fmtp:111 minptime=10;useinbandfec=1"} <= set(lines)
    assert "a=candidate:f1 1 udp 2130706431 203.0.113.9 50000 typ host" in lines
    assert "a=end-of-candidates" in lines and "ice-lite" not in answer


def test_an_offer_without_digits_gets_an_answer_without_digits() -> None:
    text = swapped("111 126", "111").replace("a=rtpmap:126 telephone-event/8000\r\n", "")
    offer = parse_offer(text)
    assert offer.events is None
    assert "telephone-event" not in render_answer(offer, LOCAL)


def test_a_client_that_insists_on_its_role_is_followed() -> None:
    assert parse_offer(swapped("setup:actpass", "setup:passive")).our_setup == "active"
    offer = parse_offer(swapped("setup:actpass", "setup:active"))
    assert offer.our_setup == "passive" and "a=setup:passive" in render_answer(offer, LOCAL)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "malformed"),
        ("v=1\r\n", "malformed"),
        ("hello", "malformed"),
        (swapped("t=0 0", "t=0 0\x00"), "malformed"),
        (swapped("a=mid:audio", "a=mid:audio\r\na=mid:other"), "malformed"),
        (swapped("m=audio", "m=video"), "media"),
        (swapped("m=audio 40012", "m=audio 0"), "media"),
        (META_OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "media"),
        (META_OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "media"),
        (swapped("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "media"),
        (swapped("a=rtcp-mux\r\n", ""), "media"),
        (swapped("a=sendrecv", "a=inactive"), "media"),
        (swapped("opus/48000/2", "PCMU/8000"), "codec"),
        (swapped("opus/48000/2", "opus/16000/2"), "codec"),
        (swapped(" 111 126", " 72 126").replace("rtpmap:111", "rtpmap:72"), "codec"),
        (swapped(FINGERPRINT, ""), "malformed"),
        (swapped(FINGERPRINT + "\r\n", ""), "fingerprint"),
        (swapped("sha-256", "sha-1"), "fingerprint"),
        (swapped(FINGERPRINT, FINGERPRINT[:-3]), "fingerprint"),
        (swapped(FINGERPRINT, FINGERPRINT + "\r\na=fingerprint:sha-384 " + ":".join(["00"] * 48)), "fingerprint"),
        (swapped("a=ice-lite\r\n", ""), "ice"),
        (swapped("ice-ufrag:AbCdEf123456/7", "ice-ufrag:a"), "ice"),
        (swapped("a=ice-pwd:0123456789abcdefghijklmnopqrstuv", "a=ice-pwd:short"), "ice"),
        (swapped("setup:actpass", "setup:holdconn"), "setup"),
        (swapped("typ host", "typ prflx"), "candidates"),
        (swapped(" udp ", " tcp "), "candidates"),
    ],
)
def test_refusals(text: str, why: str) -> None:
    assert refusal(text) == why
    assert why in REFUSALS


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.170.2", "172.16.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.5",
        "192.0.0.192", "::1", "fe80::1", "fd00::1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::",
        "ff02::1", "2130706433", "0x7f.1", "017700000001", "host.local", "255.255.255.255",
    ],
)  # fmt: skip
def test_media_never_goes_into_our_own_network(address: str) -> None:
    text = META_OFFER.replace("157.240.0.20 40012 typ", f"{address} 40012 typ").replace("2a03:2880::20", address)
    assert refusal(text) == "candidates"


def test_on_a_development_machine_loopback_is_fine() -> None:
    text = META_OFFER.replace("157.240.0.20 40012 typ", "127.0.0.1 40012 typ")
    assert "127.0.0.1" in [c.address for c in parse_offer(text, private_addresses=True).candidates]
    assert "127.0.0.1" not in [c.address for c in parse_offer(text).candidates]


ANSWER = META_OFFER.replace("setup:actpass", "setup:active")


def test_metas_answer_to_our_offer_is_understood() -> None:
    remote = parse_answer(ANSWER)
    assert (remote.opus, remote.events, remote.our_setup) == (111, 126, "passive")
    assert parse_answer(ANSWER.replace("setup:active", "setup:passive")).our_setup == "active"
    without_digits = ANSWER.replace("111 126", "111").replace("a=rtpmap:126 telephone-event/8000\r\n", "")
    assert parse_answer(without_digits).events is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (META_OFFER, "setup"),
        (ANSWER.replace("setup:active", "setup:holdconn"), "setup"),
        (ANSWER.replace("111", "96"), "codec"),
        (ANSWER.replace("126", "101"), "codec"),
        (ANSWER.replace("a=ice-lite\r\n", ""), "ice"),
        (ANSWER.replace("sha-256", "sha-1"), "fingerprint"),
        (ANSWER.replace("157.240.0.20", "10.0.0.7").replace("2a03:2880::20", "fd00::1"), "candidates"),
        (ANSWER + "a=x\r\n" * 4000, "too_big"),
    ],
)
def test_answers_that_are_refused(text: str, why: str) -> None:
    with pytest.raises(SdpRefused) as refused:
        parse_answer(text)
    assert refused.value.why == why


def test_our_offer_is_read_by_whoever_reads_metas() -> None:
    text = render_offer(LOCAL)
    read = parse_offer(text.replace("t=0 0", "t=0 0\r\na=ice-lite"), private_addresses=True)
    assert (read.ufrag, read.password, read.fingerprint) == (LOCAL.ufrag, LOCAL.password, LOCAL.fingerprint)
    assert (read.opus, read.events, read.mid) == (111, 126, "audio")
    assert "a=setup:actpass\r\n" in text and text.count("a=fingerprint") == 1 and "ice-lite" not in text


def bombs() -> list[str]:
    ssrc = "".join(f"a=ssrc:{n} cname:x\r\n" for n in range(16_000))
    candidates = "".join(f"a=candidate:{n} 1 udp {n + 1} 157.240.0.20 {n + 1} typ host\r\n" for n in range(100))
    return [
        META_OFFER + ssrc,
        META_OFFER + ssrc[:4000],
        META_OFFER + candidates,
        META_OFFER + "a=x\n" * 5000,
        META_OFFER + "a=" + "x" * 10_000,
        META_OFFER.replace(" 111 126", " 111" * 300),
        META_OFFER.replace("opus", "o" * 8000),
        "v=0\n" * 4000,
        "v" * 10_000_000,
        "a=candidate:" + "1 " * 8000,
    ]


@pytest.mark.parametrize("number", range(10))
def test_bombs_are_cheap(number: int) -> None:
    text = bombs()[number]
    began = time.perf_counter()
    assert refusal(text) in {"too_big", "malformed", "media"}
    assert time.perf_counter() - began < 0.02


LINES = META_OFFER.split("\r\n")


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(LINES) | st.text(max_size=60), max_size=40),
    st.lists(st.tuples(st.integers(0, len(LINES) - 1), st.text(max_size=30)), max_size=4),
)
def test_only_the_documented_refusals_escape(lines: list[str], edits: list[tuple[int, str]]) -> None:
    changed = list(LINES)
    for index, text in edits:
        cut = len(changed[index]) // 2
        changed[index] = changed[index][:cut] + text + changed[index][cut:]
    for sdp in ("\r\n".join(lines), "\r\n".join(changed), "\r\n".join(changed[:4] + lines)):
        try:
            offer = parse_offer(sdp)
        except SdpRefused as refused:
            assert refused.why in REFUSALS
        else:
            assert isinstance(offer, Remote)
            assert all(parse_offer(sdp, private_addresses=True).candidates)
            assert len(render_answer(offer, LOCAL)) < 4096
