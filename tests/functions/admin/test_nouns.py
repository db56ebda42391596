"""Companies, packages, models and chatbots as the dashboard uses them."""

from typing import Any

from shared.contracts.records.call import Customer
from shared.contracts.settings.call_settings import DEFAULT_GREETING
from shared.services.sessions import Visitor, admit, start_session
from tests.functions.admin.console import ADMIN, MASTER, OTHER_ADMIN, Console, refusal
from tests.functions.admin.matrix import edited_chatbot, model, renamed
from tests.services.world import SITE, World

CALL_PACKAGE: dict[str, Any] = {
    "name": "Front desk",
    "category": "Sales",
    "enabledChat": False,
    "enabledCall": True,
    "aiModelId": "simulated",
    "voiceId": "simulated-ben",
    "greeting": "Welcome to {{departmentName}}!",
    "maxDurationMinutes": 15,
    "silenceTimeoutSeconds": 90,
    "recording": True,
    "agents": [{"agentId": "desk", "name": "Robin", "callPrompt": "You work for {{departmentName}}."}],
    "variables": [{"name": "departmentName", "required": True}],
}


def fields(response: Any) -> set[str]:
    """The fields a refusal is about."""
    assert refusal(response) == (400, "invalid_request")
    return set(response.json()["error"]["fields"])


def package(console: Console, **changes: Any) -> str:
    """A published package."""
    made = console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE | changes)
    assert made.status_code == 201, made.text
    package_id = str(made.json()["packageId"])
    assert console.ask(MASTER, "POST", f"/fleet/packages/{package_id}/publish", version=1).status_code == 200
    return package_id


def chatbot(console: Console, package_id: str, **changes: Any) -> Any:
    """A request for a chatbot of a package."""
    body = {"packageId": package_id, "name": "Café Bot!", "variables": {"departmentName": "Sales"}} | changes
    return console.ask(ADMIN, "POST", "/chatbots", body)


def test_calls_are_opened_to_a_company_and_closed_again(console: Console) -> None:
    made = console.ask(MASTER, "POST", "/fleet/companies", {"name": "Third"})
    assert made.status_code == 201 and made.headers["etag"] == '"1"'
    company = made.json()
    assert company["settings"] == {"features": {"callEnabled": False}} and company["limits"]["concurrentCalls"] == 50
    path = f"/fleet/companies/{company['companyId']}"
    opened = console.ask(MASTER, "PUT", path + "/features", {"callEnabled": True}, version=1)
    assert opened.json()["settings"]["features"]["callEnabled"] is True and opened.headers["etag"] == '"2"'
    assert console.get(MASTER, path).json() == opened.json()
    edited = console.ask(
        MASTER,
        "PUT",
        path,
        {"name": "Third Ltd", "limits": {"concurrentCalls": 5, "callsPerAddressPerHour": 9}},
        version=2,
    ).json()
    assert edited["settings"]["features"]["callEnabled"] is True and edited["limits"]["concurrentCalls"] == 5
    names = [found["name"] for found in console.get(MASTER, "/fleet/companies").json()["items"]]
    assert names == ["Company A", "Company B", "Third Ltd"]
    assert [found["name"] for found in console.get(MASTER, "/fleet/companies?search=ltd").json()["items"]] == names[2:]


def test_closing_calls_hides_them_everywhere(console: Console) -> None:
    package_id = package(console)
    assert console.get(ADMIN, "/packages").json()["items"] != []
    console.ask(MASTER, "PUT", "/fleet/companies/company-a/features", {"callEnabled": False}, version=1)
    answer = console.get(ADMIN, "/chatbots/bot-a/call-settings")
    assert refusal(answer) == (403, "not_permitted")
    assert answer.json()["error"]["message"] == "Call feature not available. Contact support."
    assert console.get(ADMIN, "/packages").json()["items"] == []
    assert chatbot(console, package_id).status_code == 404
    assert console.get(ADMIN, "/company").json()["callEnabled"] is False
    assert console.get(OTHER_ADMIN, "/chatbots/bot-b/call-settings").status_code == 200


def test_a_change_based_on_an_old_version_is_refused_with_the_current_one(console: Console) -> None:
    body = renamed("Mine")
    assert console.ask(MASTER, "PUT", "/fleet/companies/company-a", body, version=1).status_code == 200
    late = console.ask(MASTER, "PUT", "/fleet/companies/company-a", renamed("Late"), version=1)
    assert refusal(late) == (409, "version_conflict")
    assert late.json()["error"]["currentVersion"] == 2
    assert console.get(MASTER, "/fleet/companies/company-a").json()["name"] == "Mine"


def test_a_repeated_creation_makes_one_thing(console: Console) -> None:
    headers = {"idempotency-key": "abc"}
    answers = [console.ask(MASTER, "POST", "/fleet/companies", {"name": "Once"}, headers=headers) for _ in range(3)]
    assert len({answer.text for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {201}
    other = console.ask(MASTER, "POST", "/fleet/companies", {"name": "Other"}, headers=headers)
    assert refusal(other) == (400, "invalid_request")
    names = [found["name"] for found in console.get(MASTER, "/fleet/companies").json()["items"]]
    assert names.count("Once") == 1 and "Other" not in names


def test_a_refused_creation_can_be_repeated_with_its_key(console: Console) -> None:
    headers = {"idempotency-key": "abc"}
    bad = CALL_PACKAGE | {"voiceId": "nova"}
    assert console.ask(MASTER, "POST", "/fleet/packages", bad, headers=headers).status_code == 400
    assert console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE, headers=headers).status_code == 201


def test_a_package_that_names_a_voice_of_old_is_refused_with_the_valid_ones(console: Console) -> None:
    for voice in ("fable", "onyx", "nova"):
        answer = console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE | {"voiceId": voice})
        assert fields(answer) == {"voiceId"}
        assert "simulated-anna, simulated-ben, simulated-clara, simulated-dan" in answer.text


def test_packages_without_capability_or_call_model_are_refused(console: Console) -> None:
    neither = console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE | {"enabledCall": False})
    assert "At least one capability (Chat or Call) must be enabled" in neither.text
    console.ask(MASTER, "POST", "/fleet/ai-models", model("chatty"))
    chat = console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE | {"aiModelId": "chatty"})
    assert "A call-compatible model must be selected for call-enabled packages" in chat.text
    draft = console.ask(MASTER, "POST", "/fleet/packages", CALL_PACKAGE | {"aiModelId": None, "voiceId": None})
    assert draft.status_code == 201
    path = f"/fleet/packages/{draft.json()['packageId']}"
    assert fields(console.ask(MASTER, "POST", path + "/publish", version=1)) == {"aiModelId"}
    twice = {"agents": [{"agentId": "a", "name": "A", "callModelId": "chatty"}] * 2}
    assert fields(console.ask(MASTER, "PUT", path, CALL_PACKAGE | twice, version=1)) == {
        "agents",
        "agents.0.callModelId",
        "agents.1.callModelId",
    }
    empty = {"variables": [{"name": "a", "kind": "select"}]}
    assert fields(console.ask(MASTER, "PUT", path, CALL_PACKAGE | empty, version=1)) == {"variables.0.options"}


def test_companies_are_offered_the_published_version_and_it_can_be_rolled_back(console: Console) -> None:
    package_id = package(console)
    path = f"/fleet/packages/{package_id}"

    def offered() -> list[tuple[int, str]]:
        items = console.get(ADMIN, "/packages").json()["items"]
        return [(found["number"], found["content"]["name"]) for found in items]

    assert offered() == [(1, "Front desk")]
    console.ask(MASTER, "PUT", path, CALL_PACKAGE | {"name": "Second"}, version=2)
    assert offered() == [(1, "Front desk")]
    console.ask(MASTER, "POST", path + "/publish", version=3)
    assert offered() == [(2, "Second")]
    back = console.ask(MASTER, "POST", path + "/rollback", {"number": 1}, version=4).json()
    assert (back["publishedVersion"], back["latestVersion"], back["draft"]["name"]) == (1, 2, "Second")
    assert offered() == [(1, "Front desk")]
    console.ask(MASTER, "POST", path + "/publish", version=5)
    assert offered() == [(3, "Second")]
    console.ask(MASTER, "POST", path + "/withdraw", version=6)
    assert offered() == []
    numbers = [found["number"] for found in console.get(MASTER, path + "/versions").json()["items"]]
    assert numbers == [3, 2, 1]
    assert console.get(MASTER, path + "/versions/1").json()["content"]["name"] == "Front desk"


def test_packages_are_filtered_by_capability_category_and_name(console: Console) -> None:
    package(console)
    package(console, name="Chat desk", enabledChat=True, enabledCall=False, category="HR")
    package(console, name="Both desk", enabledChat=True)

    def found(query: str) -> list[str]:
        return [item["content"]["name"] for item in console.get(ADMIN, "/packages" + query).json()["items"]]

    assert found("") == ["Both desk", "Chat desk", "Front desk"]
    assert found("?capability=call") == ["Front desk"]
    assert found("?capability=chat") == ["Chat desk"]
    assert found("?capability=both") == ["Both desk"]
    assert found("?category=HR") == ["Chat desk"]
    assert found("?search=FRONT") == ["Front desk"]
    assert refusal(console.get(ADMIN, "/packages?capability=none")) == (400, "invalid_request")

    def drafted(query: str) -> set[str]:
        return {item["draft"]["name"] for item in console.get(MASTER, "/fleet/packages" + query).json()["items"]}

    assert drafted("") == {"Both desk", "Chat desk", "Front desk"}
    assert drafted("?capability=chat") == {"Chat desk"} and drafted("?search=front") == {"Front desk"}


def test_a_chatbot_is_made_of_a_package_and_takes_calls_once_settings_are_saved(console: Console, world: World) -> None:
    made = chatbot(console, package(console))
    assert made.status_code == 201, made.text
    bot = made.json()
    assert (bot["enabledChat"], bot["enabledCall"], bot["slug"], bot["callSettingsVersion"]) == (
        False,
        True,
        "cafe-bot",
        0,
    )
    assert bot["companyId"] == "company-a" and bot["agents"][0]["name"] == "Robin"
    path = f"/chatbots/{bot['chatbotId']}"
    proposed = console.get(ADMIN, path + "/call-settings").json()
    assert proposed["number"] == 0
    settings = proposed["settings"]
    assert settings["greeting"] == "Welcome to Sales!" and settings["instructions"] == "You work for Sales."
    assert (settings["voice"]["voiceId"], settings["maxDurationMinutes"]) == ("simulated-ben", 15)
    assert (settings["silenceTimeoutSeconds"], settings["recording"]["enabled"]) == (90, True)
    saved = console.ask(ADMIN, "PUT", path + "/call-settings", settings, version=0)
    assert saved.status_code == 200 and saved.json()["number"] == 1
    ports = world.session_ports()
    visitor = Visitor(SITE, "192.0.2.1")
    started = start_session(ports, admit(ports, bot["chatbotId"], None, SITE), Customer(), visitor)
    call = world.calls.get("company-a", started.call_id)
    assert call is not None and call.configuration.settings.greeting == "Welcome to Sales!"
    names = [found["name"] for found in console.get(ADMIN, "/chatbots").json()["items"]]
    assert names == ["Café Bot!", "Support"]
    assert [found["name"] for found in console.get(OTHER_ADMIN, "/chatbots").json()["items"]] == ["Support"]


def test_a_chatbot_cannot_be_made_of_what_is_not_offered_or_without_its_variables(console: Console) -> None:
    package_id = package(console)
    assert fields(chatbot(console, package_id, variables={})) == {"variables.departmentName"}
    assert fields(chatbot(console, package_id, variables={"departmentName": "x", "other": "y"})) == {"variables.other"}
    assert fields(chatbot(console, package_id, agents=[{"agentId": "spy", "name": "Spy"}])) == {"agents"}
    console.ask(MASTER, "POST", f"/fleet/packages/{package_id}/withdraw", version=2)
    assert chatbot(console, package_id).status_code == 404


def test_a_company_may_change_an_agents_words_but_not_its_model(console: Console) -> None:
    package_id = package(
        console, agents=[{"agentId": "desk", "name": "Robin", "callModelId": "simulated", "callPrompt": "Old"}]
    )
    own = [{"agentId": "desk", "name": "Kim", "callModelId": "gemini-3.8-live", "callPrompt": "New"}]
    bot = chatbot(console, package_id, agents=own).json()
    assert (bot["agents"][0]["name"], bot["agents"][0]["callPrompt"]) == ("Kim", "New")
    assert bot["agents"][0]["callModelId"] == "simulated"


def test_two_chatbots_of_a_company_never_share_a_slug(console: Console) -> None:
    package_id = package(console)
    first = chatbot(console, package_id, slug="desk").json()
    taken = chatbot(console, package_id, slug="desk")
    assert refusal(taken) == (409, "conflict") and "slug" in taken.text
    second = chatbot(console, package_id, slug="desk-2").json()
    agents = first["agents"]
    change = edited_chatbot(variables={"departmentName": "x"}, agents=agents)
    path = f"/chatbots/{second['chatbotId']}"
    assert refusal(console.ask(ADMIN, "PUT", path, change | {"slug": "desk"}, version=1)) == (409, "conflict")
    moved = console.ask(ADMIN, "PUT", f"/chatbots/{first['chatbotId']}", change | {"slug": "front"}, version=1)
    assert moved.json()["slug"] == "front"
    assert console.ask(ADMIN, "PUT", path, change | {"slug": "desk"}, version=1).status_code == 200


def test_an_edit_must_say_everything_and_keeps_what_the_package_decides(console: Console) -> None:
    bot = chatbot(console, package(console)).json()
    path = f"/chatbots/{bot['chatbotId']}"
    part = console.ask(ADMIN, "PUT", path, {"name": "Only this"}, version=1)
    assert fields(part) == {"description", "agentName", "slug", "variables", "agents", "knowledge"}
    values = {"departmentName": "Sales"}
    none = console.ask(ADMIN, "PUT", path, edited_chatbot(variables=values), version=1)
    assert fields(none) == {"agents"}
    own = [bot["agents"][0] | {"callPrompt": "Mine", "callModelId": "gemini-3.8-live"}]
    edited = console.ask(ADMIN, "PUT", path, edited_chatbot(variables=values, agents=own), version=1).json()
    assert (edited["agents"][0]["callPrompt"], edited["agents"][0]["callModelId"]) == ("Mine", None)
    assert (edited["enabledCall"], edited["packageId"], edited["version"]) == (True, bot["packageId"], 2)


def test_capabilities_of_a_chatbot_cannot_be_changed_by_its_company(console: Console) -> None:
    answer = console.ask(ADMIN, "PUT", "/chatbots/bot-a", edited_chatbot(enabledChat=True), version=1)
    assert fields(answer) == {"enabledChat"}
    moved = console.ask(ADMIN, "PUT", "/chatbots/bot-a", edited_chatbot(companyId="company-b"), version=1)
    assert fields(moved) == {"companyId"}


def test_models_are_added_filtered_edited_and_switched_off(console: Console) -> None:
    assert console.ask(MASTER, "POST", "/fleet/ai-models", model("claude")).status_code == 201
    assert refusal(console.ask(MASTER, "POST", "/fleet/ai-models", model("claude"))) == (409, "conflict")

    def found(query: str) -> list[str]:
        return [item["id"] for item in console.get(MASTER, "/fleet/ai-models" + query).json()["items"]]

    assert found("") == ["claude", "gemini-3.8-live", "simulated"]
    assert found("?modelType=call") == ["gemini-3.8-live", "simulated"]
    assert found("?provider=anthropic") == ["claude"]
    assert found("?search=GEMINI") == ["gemini-3.8-live"]
    switched = console.ask(MASTER, "PUT", "/fleet/ai-models/gemini-3.8-live/active", {"active": False}, version=1)
    assert switched.json()["active"] is False
    assert found("?active=false") == ["gemini-3.8-live"]
    assert [item["id"] for item in console.get(ADMIN, "/ai-models").json()["items"]] == ["simulated"]


def test_the_widgets_configuration_is_saved_with_a_version(console: Console, world: World) -> None:
    read = console.get(ADMIN, "/chatbots/bot-a/widget")
    config = read.json()["config"]
    assert read.headers["etag"] == '"1"' and config["advanced"]["allowedDomains"] == ["*.shop.example"]
    config["appearance"]["primaryColor"] = "#112233"
    saved = console.ask(ADMIN, "PUT", "/chatbots/bot-a/widget", config, version=1)
    assert saved.status_code == 200 and saved.json()["version"] == 2
    assert world.chatbots.widget_config("company-a", "bot-a").appearance.primary_color == "#112233"
    assert refusal(console.ask(ADMIN, "PUT", "/chatbots/bot-a/widget", config, version=1)) == (409, "version_conflict")
    config["appearance"]["primaryColor"] = "red"
    assert fields(console.ask(ADMIN, "PUT", "/chatbots/bot-a/widget", config, version=2)) == {"appearance.primaryColor"}


def test_every_saved_widget_can_be_brought_back(console: Console, world: World) -> None:
    path = "/chatbots/bot-a/widget"
    config = console.get(ADMIN, path).json()["config"]
    for version, colour in ((1, "#111111"), (2, "#222222"), (3, "#333333")):
        config["appearance"]["primaryColor"] = colour
        assert console.ask(ADMIN, "PUT", path, config, version=version).status_code == 200
    back = console.ask(ADMIN, "POST", path + "/rollback", {"number": 2}, version=4)
    assert back.json()["version"] == 5 and back.headers["etag"] == '"5"'
    assert world.chatbots.widget_config("company-a", "bot-a").appearance.primary_color == "#111111"
    listed = console.get(ADMIN, path + "/versions").json()["items"]
    assert [(found["number"], found["restoredFrom"]) for found in listed] == [(5, 2), (4, None), (3, None), (2, None)]
    assert console.get(ADMIN, path + "/versions/4").json()["appearance"]["primaryColor"] == "#333333"
    told = {entry["action"]: entry["changes"] for entry in console.get(ADMIN, "/audit").json()["items"]}
    assert told["widget.rolled_back"] == [
        {"field": "appearance.primary_color", "before": '"#333333"', "after": '"#111111"'}
    ]


def test_defaults_of_a_package_are_those_of_the_requirements(console: Console) -> None:
    made = console.ask(MASTER, "POST", "/fleet/packages", {"name": "Plain"}).json()["draft"]
    assert (made["enabledChat"], made["enabledCall"], made["greeting"]) == (True, False, DEFAULT_GREETING)
    assert (made["maxDurationMinutes"], made["silenceTimeoutSeconds"]) == (10, 180)
    assert (made["recording"], made["transcription"]) == (False, True)
