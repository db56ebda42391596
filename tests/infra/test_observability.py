"""Every alarm names a page that helps; logs end and are encrypted."""

import re

import pytest

from infra.constructs.alarm import RUNBOOK, NoRunbook, runbook
from tests.infra.conftest import Synthesised

HEADINGS = ("## What it means", "## Look", "## Do", "## Afterwards")


def test_every_alarm_names_a_page_and_tells_somebody(production: Synthesised) -> None:
    alarms = production.properties("AWS::CloudWatch::Alarm", "observability")
    assert len(alarms) > 25
    for alarm in alarms:
        (page,) = re.findall(r"infra/runbook/([a-z-]+)\.md$", alarm["AlarmDescription"])
        assert (RUNBOOK / f"{page}.md").is_file()
        assert alarm["AlarmActions"] and alarm["OKActions"]
    topic = production.only("AWS::SNS::Topic")
    assert topic["KmsMasterKeyId"]
    assert [s["Endpoint"] for s in production.properties("AWS::SNS::Subscription")] == ["operations@example.com"]


def test_no_page_is_without_an_alarm_and_each_says_what_to_do(production: Synthesised) -> None:
    said = str([alarm["AlarmDescription"] for alarm in production.properties("AWS::CloudWatch::Alarm")])
    said += str([rule.get("Description") for rule in production.properties("AWS::Events::Rule")])
    for page in RUNBOOK.glob("*.md"):
        if page.stem == "README":
            continue
        assert f"infra/runbook/{page.name}" in said
        text = page.read_text()
        assert all(heading in text for heading in HEADINGS), page.name


def test_an_alarm_without_a_page_ends_the_synthesis() -> None:
    with pytest.raises(NoRunbook, match="no-such-page"):
        runbook("no-such-page")


def test_silence_of_the_measure_counts_as_no_process(production: Synthesised) -> None:
    alarms = {alarm["AlarmName"]: alarm for alarm in production.properties("AWS::CloudWatch::Alarm", "observability")}
    for name in ("calls-prod-no-media-process", "calls-prod-reaper-silent"):
        assert alarms[name]["TreatMissingData"] == "breaching"


def test_logs_end_and_are_encrypted(production: Synthesised) -> None:
    groups = production.properties("AWS::Logs::LogGroup")
    functions = production.properties("AWS::Lambda::Function")
    # Besides the functions': the HTTP API, the network, media processes, the state machine.
    assert len(groups) == len(functions) + 4
    for group in groups:
        assert group["RetentionInDays"] == 90
        assert group["KmsKeyId"]
    for function in functions:
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["LoggingConfig"]["LogGroup"]


def test_access_logs_of_the_api_name_nobody(production: Synthesised) -> None:
    (stage,) = production.properties("AWS::ApiGatewayV2::Stage")
    line = stage["AccessLogSettings"]["Format"]
    assert "$context.status" in line
    assert not re.search(r"sourceIp|userAgent|path\b|claims", line)


def test_what_is_scheduled_is_asked_once(production: Synthesised) -> None:
    schedules = {found["Name"]: found for found in production.properties("AWS::Scheduler::Schedule")}
    assert {name: found["ScheduleExpression"] for name, found in schedules.items()} == {
        "calls-prod-reap-calls": "rate(1 minute)",
        "calls-prod-measure-calls": "rate(1 minute)",
        "calls-prod-retention": "cron(0 3 * * ? *)",
    }
    for schedule in schedules.values():
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_the_history_of_the_work_after_calls_names_nobody(production: Synthesised) -> None:
    machine = production.only("AWS::StepFunctions::StateMachine")
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["TracingConfiguration"] == {"Enabled": True}
