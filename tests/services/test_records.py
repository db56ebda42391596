"""Editable records: versions, pages, tenants, and that nothing is written without its audit entry."""

import base64
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given, strategies
from hypothesis import settings as hypothesis_settings

from shared.adapters.aws.dynamo import paging
from shared.adapters.aws.dynamo.paging import _decoded, _fingerprint
from shared.adapters.aws.dynamo.table import LAST, Span
from shared.contracts.errors import Conflict, InvalidRequest, VersionConflict
from shared.contracts.page import Page, Turn
from shared.contracts.records.audit import AuditEntry
from shared.contracts.records.call import Customer
from shared.contracts.records.publication import Publication
from shared.contracts.records.user import Participation, Role, User
from shared.contracts.settings.company import Chatbot, Company
from shared.contracts.settings.package import Package, PackageContent, PackageVersion
from shared.contracts.settings.widget_config import WidgetConfig
from shared.ports.changes import Claim, Offer, PublishPackage, PublishSettings, Release, Save, SaveWidget
from shared.services.sessions import Visitor, admit, start_session
from tests.services.world import SITE, World, settings


def entry(world: World, entity_id: str = "thing", company_id: str = "company-a") -> AuditEntry:
    """An audit entry of now."""
    return AuditEntry(
        entry_id=world.new_id(),
        company_id=company_id,
        who="company_admin#u",
        action="thing.changed",
        entity_id=entity_id,
        at=world.now,
    )


def member(user_id: str, company_id: str = "company-a") -> User:
    """A person."""
    return User(user_id=user_id, company_id=company_id, email=f"{user_id}@shop.example", role=Role.SUPPORT_AGENT)


def walk[T](read: Callable[[Turn], Page[T]], limit: int) -> list[Sequence[T]]:
    """Every page of a list."""
    pages: list[Sequence[T]] = []
    cursor = None
    while True:
        page = read(Turn(limit, cursor))
        pages.append(page.items)
        if page.cursor is None:
            return pages
        cursor = page.cursor


def test_a_version_counts_writes_and_a_stale_one_is_refused_with_the_current(world: World) -> None:
    company = world.companies.get("company-a")
    assert company is not None and company.version == 1
    world.changes.commit(entry(world), Save(company.model_copy(update={"name": "Second"})))
    world.changes.commit(entry(world), Save(company.model_copy(update={"name": "Third", "version": 2})))
    with pytest.raises(VersionConflict) as refused:
        world.changes.commit(entry(world), Save(company.model_copy(update={"name": "Lost"})))
    assert refused.value.current == 3
    kept = world.companies.get("company-a")
    assert kept is not None and (kept.name, kept.version) == ("Third", 3)


def test_of_many_who_change_the_same_version_one_wins(world: World) -> None:
    company = world.companies.get("company-a")
    assert company is not None

    def change(number: int) -> bool:
        try:
            world.changes.commit(entry(world), Save(company.model_copy(update={"name": f"N{number}"})))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(change, range(16)))
    assert sum(won) == 1
    kept = world.companies.get("company-a")
    assert kept is not None and (kept.name, kept.version) == (f"N{won.index(True)}", 2)


def test_nothing_is_written_without_its_audit_entry_and_no_entry_without_the_change(world: World) -> None:
    company = world.companies.get("company-a")
    assert company is not None
    first = entry(world)
    world.changes.commit(first, Save(company))
    with pytest.raises(Conflict):
        world.changes.commit(first, Save(company.model_copy(update={"version": 2, "name": "Unaudited"})))
    kept = world.companies.get("company-a")
    assert kept is not None and kept.name == company.name
    with pytest.raises(VersionConflict):
        world.changes.commit(entry(world), Save(company))
    assert len(world.audit.page("company-a", world.now.date(), Turn()).items) == 1


def test_a_record_is_created_once(world: World) -> None:
    world.changes.commit(entry(world), Save(member("u-1")))
    with pytest.raises(VersionConflict) as refused:
        world.changes.commit(entry(world), Save(member("u-1")))
    assert refused.value.current == 1


def test_a_new_chatbot_can_be_found_by_its_id_alone_and_never_takes_anothers(world: World) -> None:
    bot = Chatbot(company_id="company-a", chatbot_id="bot-c", name="Third")
    world.changes.commit(entry(world), Save(bot))
    assert world.chatbots.company_of("bot-c") == "company-a"
    with pytest.raises(Conflict):
        world.changes.commit(entry(world), Save(bot.model_copy(update={"company_id": "company-b"})))
    assert world.chatbots.company_of("bot-c") == "company-a"
    assert world.chatbots.get("company-b", "bot-c") is None


def test_a_name_is_taken_and_given_back(world: World) -> None:
    world.changes.commit(entry(world), Claim("email", "all", "a@shop.example", "Taken."))
    with pytest.raises(Conflict, match="Taken"):
        world.changes.commit(entry(world), Save(member("u-1")), Claim("email", "all", "a@shop.example", "Taken."))
    assert world.users.get("company-a", "u-1") is None
    world.changes.commit(entry(world), Release("email", "all", "a@shop.example"))
    world.changes.commit(entry(world), Claim("email", "all", "a@shop.example", "Taken."))


def test_the_widget_has_a_version_of_its_own(world: World) -> None:
    config, version = world.chatbots.widget_version("company-a", "bot-a")
    assert version == 1 and config.advanced.allowed_domains == ("*.shop.example",)
    publication = Publication(number=2, published_at=world.now, published_by="company_admin#u")
    world.changes.commit(entry(world), SaveWidget("company-a", "bot-a", WidgetConfig(), publication))
    with pytest.raises(VersionConflict) as refused:
        world.changes.commit(entry(world), SaveWidget("company-a", "bot-a", config, publication))
    assert refused.value.current == 2
    assert world.chatbots.widget_version("company-a", "bot-a") == (WidgetConfig(), 2)
    assert world.chatbots.widget_version("company-a", "none") == (WidgetConfig(), 0)
    assert world.chatbots.saved_widget("company-a", "bot-a", 2) == WidgetConfig()
    assert world.chatbots.widget_publications("company-a", "bot-a", Turn()).items == (publication,)
    assert world.chatbots.publications("company-a", "bot-a", Turn()).items == ()


def test_call_settings_and_the_chatbot_that_names_them_are_published_together(world: World) -> None:
    bot = world.chatbots.get("company-a", "bot-a")
    assert bot is not None and bot.call_settings_version == 1
    changed = bot.model_copy(update={"call_settings_version": 2})
    publication = Publication(number=2, published_at=world.now, published_by="company_admin#u")
    publish = PublishSettings(bot, settings(max_duration_minutes=3), publication)
    world.changes.commit(entry(world), publish, Save(changed))
    with pytest.raises(VersionConflict):
        world.changes.commit(
            entry(world),
            PublishSettings(bot, settings(), publication.model_copy(update={"number": 3})),
            Save(bot.model_copy(update={"call_settings_version": 3})),
        )
    assert world.chatbots.call_settings("company-a", "bot-a", 3) is None
    assert world.chatbots.publications("company-a", "bot-a", Turn()).items == (publication,)
    assert world.chatbots.publications("company-b", "bot-a", Turn()).items == ()


def test_packages_are_offered_in_their_published_version(world: World) -> None:
    package = Package(package_id="p-1", draft=PackageContent(name="Desk"))
    world.changes.commit(entry(world), Save(package))
    assert world.offered.all() == [] and world.offered.get("p-1") is None
    first = PackageVersion(package_id="p-1", number=1, content=package.draft, published_at=world.now, published_by="x")
    saved = package.model_copy(update={"version": 1, "published_version": 1, "latest_version": 1})
    world.changes.commit(entry(world), PublishPackage(first), Save(saved))
    assert world.offered.all() == [first] and world.offered.get("p-1") == first
    second = first.model_copy(update={"number": 2})
    world.changes.commit(entry(world), PublishPackage(second), Save(saved.model_copy(update={"version": 2})))
    assert world.packages.publications("p-1", Turn()).items == (second, first)
    assert world.packages.published("p-1", 1) == first
    world.changes.commit(entry(world), Offer("p-1", None), Save(saved.model_copy(update={"version": 3})))
    assert world.offered.all() == [] and world.packages.published("p-1", 2) == second
    assert [found.package_id for found in world.packages.page(Turn(), lambda _: True).items] == ["p-1"]


def test_pages_join_up_whatever_their_size(world: World) -> None:
    for number in range(7):
        world.changes.commit(entry(world), Save(member(f"u-{number}")))
    world.changes.commit(entry(world), Save(member("foreign", "company-b")))
    for limit in (1, 2, 3, 7, 100):
        pages = walk(lambda turn: world.users.page("company-a", turn), limit)
        assert [user.user_id for page in pages for user in page] == [f"u-{number}" for number in range(7)]
        assert all(len(page) <= limit for page in pages)


def test_lists_of_an_index_go_on_between_equal_names(world: World) -> None:
    for number in range(5):
        world.changes.commit(entry(world), Save(Company(company_id=f"same-{number}", name="Same")))
    pages = walk(lambda turn: world.fleet.page(turn, lambda _: True), 2)
    assert [found.company_id for page in pages for found in page] == [
        "company-a",
        "company-b",
        *(f"same-{number}" for number in range(5)),
    ]
    assert [bot.chatbot_id for bot in world.chatbots.page("company-a", Turn()).items] == ["bot-a"]


def test_a_cursor_is_good_for_its_own_list_only(world: World) -> None:
    for company_id in ("company-a", "company-b"):
        for number in range(3):
            world.changes.commit(entry(world), Save(member(f"u-{number}", company_id)))
    cursor = world.users.page("company-a", Turn(1)).cursor
    assert cursor is not None
    fingerprint = json.loads(base64.urlsafe_b64decode(cursor + "=="))[0]

    def forged(*parts: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")

    for wrong in (
        "",
        "x",
        "ÿ",
        cursor[:-3],
        "A" * 3000,
        forged(),
        forged(fingerprint),
        forged(fingerprint, 1),
        forged(fingerprint, ""),
        forged(fingerprint, "META"),
        forged(fingerprint, "USER#u-0", "more"),
        base64.urlsafe_b64encode(b"[" * 1500).decode(),
    ):
        with pytest.raises(InvalidRequest):
            world.users.page("company-a", Turn(1, wrong))
    with pytest.raises(InvalidRequest):
        world.users.page("company-b", Turn(1, cursor))
    with pytest.raises(InvalidRequest):
        world.fleet.page(Turn(1, cursor), lambda _: True)
    for limit in (0, -1, 101):
        with pytest.raises(InvalidRequest):
            world.users.page("company-a", Turn(limit))


def test_a_page_ends_after_looking_at_many_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MAX_EXAMINED", 3)
    for number in range(8):
        world.changes.commit(entry(world), Save(Company(company_id=f"some-{number}", name=f"N{number}")))
    pages = walk(lambda turn: world.fleet.page(turn, lambda found: found.company_id == "some-7"), 5)
    assert [[found.company_id for found in page] for page in pages] == [[], [], [], ["some-7"]]


PART = strategies.text(max_size=40)
OWN = Span("T#company-a", low="USER#", high="USER#" + LAST)


@given(strategies.one_of(PART, strategies.lists(PART, max_size=5), strategies.tuples(strategies.just(OWN), PART)))
@hypothesis_settings(max_examples=100)
def test_whatever_a_cursor_says_it_never_leads_out_of_its_list(said: object) -> None:
    """Also one whose fingerprint is right, since that is no secret."""
    if isinstance(said, tuple):
        said = [_fingerprint(OWN), said[1]]
    cursor = said
    if not isinstance(said, str):
        cursor = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    assert isinstance(cursor, str)
    try:
        _, start = _decoded([OWN], cursor)
    except InvalidRequest:
        return
    assert start["PK"]["S"] == "T#company-a" and start["SK"]["S"].startswith("USER#")


def test_calls_are_listed_newest_first_over_months_and_filtered(world: World) -> None:
    made = []
    for _ in range(6):
        ports = world.session_ports()
        started = start_session(ports, admit(ports, "bot-a", None, SITE), Customer(), Visitor(SITE, "192.0.2.1"))
        made.append(started.call_id)
        world.pass_time(days=9)
    days = (date(2026, 11, 1), date(2027, 3, 1))
    for limit in (1, 2, 4, 50):
        pages = walk(lambda turn: world.history.page("company-a", days, turn, lambda _: True), limit)
        assert [call.call_id for page in pages for call in page] == made[::-1]
    some = {made[0], made[5]}
    kept = walk(lambda turn: world.history.page("company-a", days, turn, lambda call: call.call_id in some), 1)
    assert [call.call_id for page in kept for call in page] == [made[5], made[0]]
    narrow = (date(2026, 12, 4), date(2026, 12, 13))
    assert [call.call_id for call in world.history.page("company-a", narrow, Turn(), lambda _: True).items] == [
        made[2],
        made[1],
    ]
    assert world.history.page("company-b", days, Turn(), lambda _: True).items == ()


def test_who_took_part_in_a_call_is_known_by_company(world: World) -> None:
    part = Participation(company_id="company-a", call_id="c-1", user_id="u-1", since=world.now)
    world.participations.add(part)
    assert world.participations.took_part("company-a", "c-1", "u-1")
    assert not world.participations.took_part("company-a", "c-1", "u-2")
    assert not world.participations.took_part("company-b", "c-1", "u-1")
    assert world.participations.page("company-a", "u-1", Turn()).items == (part,)
    assert world.participations.page("company-b", "u-1", Turn()).items == ()


def test_a_repeated_request_gets_the_first_answer_and_acts_once(world: World) -> None:
    with ThreadPoolExecutor(8) as pool:

        def begin(_: int) -> str | None:
            try:
                return world.answers.begin("a", "key", "print", world.now) or "mine"
            except Conflict:
                return None

        assert sorted(filter(None, pool.map(begin, range(8)))) == ["mine"]
    world.answers.finish("a", "key", "print", "{}", world.now)
    assert world.answers.begin("a", "key", "print", world.now) == "{}"
    assert world.answers.begin("b", "key", "print", world.now) is None
    with pytest.raises(InvalidRequest):
        world.answers.begin("a", "key", "other", world.now)
    world.pass_time(hours=25)
    assert world.answers.begin("a", "key", "other", world.now) is None


def test_a_request_that_died_does_not_block_its_key(world: World) -> None:
    assert world.answers.begin("a", "key", "print", world.now) is None
    world.pass_time(seconds=61)
    assert world.answers.begin("a", "key", "print", world.now) is None
    world.answers.abandon("a", "key")
    assert world.answers.begin("a", "key", "print", world.now) is None
