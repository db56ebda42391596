"""Every operation × everybody × every kind of target, the expected answer derived from the operation's declaration."""

import re

import pytest

from functions.admin_api.access import Operation, Operations
from functions.admin_api.app import NOUNS, declared
from functions.admin_api.openapi import document
from shared.contracts.records.user import Role
from shared.domain.permissions import GRANTS, Permission
from tests.functions.admin.console import PEOPLE, Console
from tests.functions.admin.matrix import ROWS, Case, cases, furnish

PREFIX = "/api/admin"


def key(operation: Operation) -> tuple[str, str]:
    """How rows name operations."""
    return operation.method, operation.path.removeprefix(PREFIX)


@pytest.fixture(scope="module")
def furnished(steady: Console) -> Console:
    """One installation for the whole matrix: refusals change nothing, and rows read the versions they need."""
    furnish(steady)
    return steady


def ask(console: Console, operation: Operation, case: Case) -> tuple[int, str]:
    """The status of one request, and its text for those who look for the reason."""
    row = ROWS[key(operation)]
    targets = iter(case.targets)
    path = re.sub(r"\{[^}]*\}", lambda _: next(targets), operation.path.removeprefix(PREFIX)) + row.query
    version = row.current(console.world, None if case.person is None else case.person.company_id)
    body = None if row.body is None else row.body()
    response = console.ask(case.person, operation.method, path, body, version=version)
    return response.status_code, response.text


@pytest.mark.parametrize("operation", declared(), ids=lambda operation: " ".join(key(operation)))
def test_only_those_may_use_an_operation_for_whom_it_is_declared(furnished: Console, operation: Operation) -> None:
    for case in cases(operation, ROWS[key(operation)], PEOPLE):
        status, text = ask(furnished, operation, case)
        assert status == case.expected, (case, status, text)


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    operations = [key(operation) for operation in declared()]
    assert len(operations) == len(set(operations))
    assert set(operations) == set(ROWS)


def test_every_case_of_the_matrix_is_there() -> None:
    """What the derivation must yield for one operation, written out."""
    operation = Operation("GET", PREFIX + "/calls/{call_id}", Permission.CALLS_READ)
    found = {
        (case.person.user_id if case.person else None, case.targets[0]): case.expected
        for case in cases(operation, ROWS["GET", "/calls/{call_id}"], PEOPLE)
    }
    assert found == {
        (None, "call-a"): 401,
        (None, "call-b"): 401,
        (None, "call-x"): 401,
        ("master", "call-a"): 403,
        ("master", "call-b"): 403,
        ("master", "call-x"): 403,
        ("admin-a", "call-a"): 200,
        ("admin-a", "call-b"): 404,
        ("admin-a", "call-x"): 404,
        ("agent-a", "call-a"): 200,
        ("agent-a", "call-b"): 404,
        ("agent-a", "call-x"): 404,
        ("admin-b", "call-a"): 404,
        ("admin-b", "call-x"): 404,
        ("agent-b", "call-a"): 404,
        ("agent-b", "call-x"): 404,
    }


def test_the_application_has_no_operation_without_a_declaration(furnished: Console) -> None:
    described = {
        (method.upper(), path): operation["x-permission"]
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
    }
    assert described == {(found.method, found.path): found.needs for found in declared()}
    assert len(furnished.app.routes) == len(NOUNS)
    assert all(len(noun.router.routes) == len(noun.declared) for noun in NOUNS)


def test_an_operation_cannot_be_written_without_a_permission() -> None:
    operations = Operations()
    with pytest.raises(TypeError):
        operations.get("/secret")  # type: ignore[call-arg]  # that is the point
    with pytest.raises(ValueError, match="everything"):
        operations.get("/secret", "everything")  # type: ignore[arg-type]  # that is the point
    assert operations.declared == []


def test_what_the_roles_may_do_is_as_agreed() -> None:
    assert set(GRANTS) == set(Permission)
    fleet = {permission for permission in Permission if permission.startswith("fleet.")}
    assert {permission for permission, roles in GRANTS.items() if Role.MASTER_ADMIN in roles} == fleet | {
        Permission.SIGNED_IN
    }
    assert {permission for permission, roles in GRANTS.items() if Role.SUPPORT_AGENT in roles} == {
        Permission.SIGNED_IN,
        Permission.COMPANY_READ,
        Permission.CALLS_READ,
        Permission.ACCOUNTS_READ,
    }
    assert all(GRANTS[permission] == {Role.MASTER_ADMIN} for permission in fleet)


def test_refusals_leave_no_trace(furnished: Console) -> None:
    before = furnished.world.items()
    for operation in declared():
        for case in cases(operation, ROWS[key(operation)], PEOPLE):
            if case.expected in (401, 403, 404) and operation.method != "GET":
                ask(furnished, operation, case)
    assert furnished.world.items() == before
