"""The team: invitations, roles, access; and the ledger that tells of all of it."""

from typing import Any

from shared.contracts.records.user import Role
from tests.functions.admin.console import ADMIN, MASTER, OTHER_ADMIN, Console, refusal
from tests.functions.admin.test_call_settings import body
from tests.services.world import World

INVITATION = {"email": "Kim@Shop.example", "name": "Kim", "role": "support_agent"}


def audit(console: Console, query: str = "", person: Any = ADMIN, path: str = "/audit") -> list[dict[str, Any]]:
    """What the ledger tells."""
    answer = console.get(person, path + query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_an_invited_member_gets_an_account_a_record_and_then_a_role(console: Console, world: World) -> None:
    made = console.ask(ADMIN, "POST", "/team", INVITATION)
    assert made.status_code == 201
    member = made.json()
    assert (member["email"], member["role"], member["active"]) == ("kim@shop.example", "support_agent", True)
    assert console.directory.done == [
        ("invite", "kim@shop.example", "company-a"),
        ("role", member["userId"], Role.SUPPORT_AGENT),
    ]
    emails = [found["email"] for found in console.get(ADMIN, "/team").json()["items"]]
    assert "kim@shop.example" in emails
    assert "kim@shop.example" not in console.get(OTHER_ADMIN, "/team").text


def test_inviting_again_changes_nothing_of_the_member(console: Console) -> None:
    first = console.ask(ADMIN, "POST", "/team", INVITATION).json()
    again = console.ask(ADMIN, "POST", "/team", INVITATION | {"role": "company_admin"})
    assert refusal(again) == (409, "conflict")
    assert ("role", first["userId"], Role.COMPANY_ADMIN) not in console.directory.done
    elsewhere = console.ask(OTHER_ADMIN, "POST", "/team", INVITATION)
    assert refusal(elsewhere) == (409, "conflict")
    assert again.json() == elsewhere.json()


def test_an_invitation_that_broke_off_is_taken_up_again(console: Console) -> None:
    console.directory.accounts["kim@shop.example"] = ("sub-old", "company-a")
    assert console.ask(ADMIN, "POST", "/team", INVITATION).json()["userId"] == "sub-old"


def test_the_master_admin_invites_the_first_admin_of_a_company(console: Console) -> None:
    path = "/fleet/companies/company-b/team"
    made = console.ask(MASTER, "POST", path, INVITATION | {"role": "company_admin"})
    assert made.status_code == 201
    assert "kim@shop.example" in console.get(MASTER, path).text
    assert audit(console, person=OTHER_ADMIN)[0]["who"] == "chatapp.master_admin#master"


def test_nobody_changes_their_own_role_or_access(console: Console) -> None:
    for path, change in (("role", {"role": "support_agent"}), ("access", {"active": False})):
        answer = console.ask(ADMIN, "PUT", f"/team/admin-a/{path}", change, version=1)
        assert refusal(answer) == (403, "not_permitted")


def test_a_member_cannot_be_made_master_admin(console: Console) -> None:
    answer = console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "chatapp.master_admin"}, version=1)
    assert refusal(answer) == (400, "invalid_request")


def test_access_is_taken_away_even_if_the_directory_is_away(console: Console, world: World) -> None:
    console.directory.broken = True
    answer = console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "company_admin"}, version=1)
    assert refusal(answer) == (500, "internal_error")
    member = world.users.get("company-a", "agent-a")
    assert member is not None and member.role is Role.COMPANY_ADMIN
    console.directory.broken = False
    repeated = console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "company_admin"}, version=2)
    assert repeated.status_code == 200
    assert ("role", "agent-a", Role.COMPANY_ADMIN) in console.directory.done


def test_every_change_is_told_with_who_when_and_from_what_to_what(console: Console, world: World) -> None:
    console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "company_admin"}, version=1)
    world.pass_time(seconds=1)
    settings = body(maxDurationMinutes=20)
    console.ask(ADMIN, "PUT", "/chatbots/bot-a/call-settings", settings, version=1)
    newest, oldest = audit(console)
    assert (newest["action"], newest["entityId"]) == ("call_settings.published", "bot-a")
    assert newest["changes"] == [{"field": "max_duration_minutes", "before": "10", "after": "20"}]
    assert (oldest["who"], oldest["action"], oldest["entityId"]) == (
        "company_admin#admin-a",
        "member.role_changed",
        "agent-a",
    )
    assert oldest["changes"] == [{"field": "role", "before": '"support_agent"', "after": '"company_admin"'}]
    assert oldest["at"].startswith("2026-11-25T09:30:00")
    assert audit(console, "?entityId=agent-a") == [oldest]
    assert audit(console, "?entityId=agent-a", OTHER_ADMIN) == []
    assert audit(console, "?month=2026-10") == [] and audit(console, person=OTHER_ADMIN) == []
    assert audit(console, "?companyId=company-b", OTHER_ADMIN) == []
    fleet = audit(console, "?companyId=company-a", MASTER, "/fleet/audit")
    assert fleet == [newest, oldest]
    console.ask(MASTER, "POST", "/fleet/packages", {"name": "Desk"})
    assert [entry["action"] for entry in audit(console, "", MASTER, "/fleet/audit")] == ["package.created"]
    for query in ("?month=2026-13", "?month=26-01", "?cursor=x", "?entityId="):
        assert refusal(console.get(ADMIN, "/audit" + query)) == (400, "invalid_request")
    assert refusal(console.get(MASTER, "/fleet/audit?companyId=a%23b")) == (400, "invalid_request")


def test_a_refused_change_is_not_told(console: Console) -> None:
    console.ask(ADMIN, "PUT", "/team/agent-a/role", {"role": "company_admin"}, version=7)
    console.ask(ADMIN, "PUT", "/chatbots/bot-a/call-settings", body(voice={"voiceId": "nova"}), version=1)
    assert audit(console) == []


def test_the_ledger_is_only_ever_added_to(console: Console, world: World) -> None:
    console.ask(ADMIN, "PUT", "/team/agent-a/access", {"active": False}, version=1)
    first = world.client.scan(TableName="ledger")["Items"]
    world.pass_time(seconds=1)
    console.ask(ADMIN, "PUT", "/team/agent-a/access", {"active": True}, version=2)
    after = world.client.scan(TableName="ledger")["Items"]
    assert len(first) == 1 and len(after) == 2 and first[0] in after
