"""An alarm and the page that says what to do about it.

Invariant: no alarm without a page in `infra/runbook`; one that names none ends the synthesis.
"""

from pathlib import Path

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.stage import Stage

RUNBOOK = Path(__file__).parents[1] / "runbook"
Condition = cloudwatch.ComparisonOperator


class NoRunbook(ValueError):
    """An alarm names a page that does not exist."""


def runbook(page: str) -> str:
    """The path of a page, as people find it in the repository. Raises NoRunbook."""
    if not (RUNBOOK / f"{page}.md").is_file():
        raise NoRunbook(f"infra/runbook/{page}.md does not exist")
    return f"infra/runbook/{page}.md"


class Alarms:
    """Makes alarms that tell one topic."""

    def __init__(self, scope: Construct, stage: Stage, topic: sns.ITopic) -> None:
        self._scope, self._stage = Construct(scope, "Alert"), stage
        self._action = actions.SnsAction(topic)
        self.made: list[cloudwatch.Alarm] = []

    def above(self, name: str, page: str, metric: cloudwatch.IMetric, threshold: float, what: str, *, periods: int = 1,
              missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING) -> None:  # fmt: skip
        """Alarm when the metric is above the threshold for so many periods."""
        self._make(name, page, metric, threshold, what, periods, missing, Condition.GREATER_THAN_THRESHOLD)

    def below(self, name: str, page: str, metric: cloudwatch.IMetric, threshold: float, what: str, *, periods: int = 1,
              missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.BREACHING) -> None:  # fmt: skip
        """Alarm when the metric is below the threshold for so many periods; silence counts as below."""
        self._make(name, page, metric, threshold, what, periods, missing, Condition.LESS_THAN_THRESHOLD)

    def _make(
        self,
        name: str,
        page: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        what: str,
        periods: int,
        missing: cloudwatch.TreatMissingData,
        condition: Condition,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self._scope,
            "".join(part.capitalize() for part in name.split("-")),
            alarm_name=f"{self._stage.prefix}-{name}",
            alarm_description=f"{what} What to do: {runbook(page)}",
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            comparison_operator=condition,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.made.append(alarm)
