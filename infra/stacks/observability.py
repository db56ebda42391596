"""Who is told when something is wrong, and the one page that shows how calls are going."""

from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_elasticloadbalancingv2 as elb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.capacity import Capacity
from infra.constructs.alarm import Alarms, runbook
from infra.stacks.api import ApiStack
from infra.stacks.data import DataStack
from infra.stacks.media import MediaStack
from infra.stacks.workflows import METRICS, WorkflowsStack
from infra.stage import Stage

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)
NEARLY_FULL = 0.85


class ObservabilityStack(Stack):
    """Alarms, dashboard, budget."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: Stage,
        data: DataStack,
        api: ApiStack,
        workflows: WorkflowsStack,
        media: MediaStack,
        capacity: Capacity,
    ) -> None:
        super().__init__(scope, name, env=Environment(region=stage.region))
        self._stage, self._data, self._api, self._workflows, self._media = stage, data, api, workflows, media
        self.topic = self._topic()
        self.alarms = Alarms(self, stage, self.topic)
        self._about_calls(capacity)
        self._about_sockets()
        self._about_http()
        self._about_functions()
        self._about_the_work_after_calls()
        self._about_queues()
        self._about_tables()
        self._failed_deployments()
        self._budget()
        self.page = self._dashboard(capacity)

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Alarms",
            topic_name=f"{self._stage.prefix}-alarms",
            master_key=self._data.keys.operations,
            enforce_ssl=True,
        )
        for address in self._stage.alarms.email:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="OurAlarms",
                principals=[
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("budgets.amazonaws.com"),
                ],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic

    def _calls(self, name: str, statistic: str = "Maximum") -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=METRICS,
            metric_name=name,
            dimensions_map={"stage": self._stage.name},
            statistic=statistic,
            period=MINUTE,
        )

    def _about_calls(self, capacity: Capacity) -> None:
        self.alarms.below(
            "no-media-process",
            "no-media-process",
            self._calls("OpenTasks"),
            1,
            "No media process takes calls.",
            periods=3,
        )
        self.alarms.above(
            "nearly-full",
            "nearly-full",
            self._calls("CallsPerTask"),
            capacity.admitted * NEARLY_FULL,
            "Media processes are nearly full although more should have been started.",
            periods=5,
        )
        failures = logs.MetricFilter(
            self,
            "MediaErrors",
            log_group=self._media.media.logs,
            filter_pattern=logs.FilterPattern.string_value("$.level", "=", "ERROR"),
            metric_namespace=METRICS,
            metric_name=f"MediaErrors-{self._stage.name}",
            metric_value="1",
        )
        self.alarms.above(
            "media-errors",
            "media-errors",
            failures.metric(statistic="Sum", period=FIVE_MINUTES),
            self._stage.alarms.provider_failures_per_5_minutes,
            "Media processes report errors.",
        )
        service = self._media.media.service
        self.alarms.above(
            "media-cpu", "nearly-full", service.metric_cpu_utilization(period=MINUTE), 85,
            "Media processes are too busy.", periods=3,
        )  # fmt: skip
        self.alarms.above(
            "media-memory", "media-memory", service.metric_memory_utilization(period=MINUTE), 85,
            "Media processes use too much memory.", periods=5,
        )  # fmt: skip

    def _about_sockets(self) -> None:
        group = self._media.balancer.group.metrics
        self.alarms.above(
            "unhealthy-process", "no-media-process", group.unhealthy_host_count(period=MINUTE), 0,
            "A media process does not answer /health.", periods=3,
        )  # fmt: skip
        self.alarms.above(
            "refused-sockets",
            "refused-sockets",
            group.http_code_target(elb.HttpCodeTarget.TARGET_5XX_COUNT, period=FIVE_MINUTES, statistic="Sum"),
            self._stage.alarms.api_errors_per_5_minutes,
            "Media processes answer with server errors.",
        )

    def _about_http(self) -> None:
        api, limits = self._api.api, self._stage.alarms
        self.alarms.above(
            "api-errors", "api-errors", api.metric_server_error(period=FIVE_MINUTES, statistic="Sum"),
            limits.api_errors_per_5_minutes, "The HTTP API answers with server errors.",
        )  # fmt: skip
        self.alarms.above(
            "api-slow", "api-slow", api.metric_latency(period=FIVE_MINUTES, statistic="p99"), limits.api_p99_ms,
            "The HTTP API is slow.", periods=3,
        )  # fmt: skip

    def _about_functions(self) -> None:
        for made in (*self._api.functions, *self._workflows.functions):
            slug, function = made.name.replace("_", "-"), made.function
            self.alarms.above(
                f"{slug}-errors", "function-errors", function.metric_errors(period=FIVE_MINUTES), 0,
                f"Function {slug} failed.", periods=2,
            )  # fmt: skip
            self.alarms.above(
                f"{slug}-throttled", "function-throttled", function.metric_throttles(period=FIVE_MINUTES), 0,
                f"Function {slug} was refused for want of concurrency.",
            )  # fmt: skip
        reaper = self._workflows.reap_calls.function
        self.alarms.below(
            "reaper-silent", "reaper-silent", reaper.metric_invocations(period=FIVE_MINUTES), 1,
            "Calls whose process died are not being ended.", periods=2,
        )  # fmt: skip

    def _about_the_work_after_calls(self) -> None:
        machine = self._workflows.after_call.machine
        for slug, metric in (("failed", machine.metric_failed), ("timed-out", machine.metric_timed_out)):
            self.alarms.above(
                f"after-call-{slug}", "after-call", metric(period=FIVE_MINUTES, statistic="Sum"), 0,
                "The work after a call was not finished.",
            )  # fmt: skip
        retention = self._workflows.retention.function
        self.alarms.below(
            "retention-silent", "retention-silent", retention.metric_invocations(period=Duration.days(1)), 1,
            "Calls that companies keep no longer are not being erased.",
        )  # fmt: skip

    def _about_queues(self) -> None:
        data, limits = self._data, self._stage.alarms
        for work in data.queues:
            slug = work.name
            self.alarms.above(
                f"{slug}-dead-letters",
                "dead-letters",
                work.dead_letters.metric_approximate_number_of_messages_visible(
                    period=FIVE_MINUTES, statistic="Maximum"
                ),
                0,
                f"Messages of {slug} could not be handled.",
            )
            self.alarms.above(
                f"{slug}-waiting",
                "queue-waiting",
                work.queue.metric_approximate_age_of_oldest_message(period=MINUTE, statistic="Maximum"),
                30 if work is data.offers else limits.queue_age_seconds,
                f"Messages of {slug} are not taken.",
                periods=3,
            )

    def _about_tables(self) -> None:
        data = self._data
        for slug, table in (("core", data.core), ("calls", data.calls), ("live", data.live), ("ledger", data.ledger)):
            operations = [dynamodb.Operation.GET_ITEM, dynamodb.Operation.PUT_ITEM, dynamodb.Operation.QUERY,
                          dynamodb.Operation.TRANSACT_WRITE_ITEMS, dynamodb.Operation.UPDATE_ITEM]  # fmt: skip
            throttled = table.construct.metric_throttled_requests_for_operations(
                operations=operations, period=FIVE_MINUTES, statistic="Sum"
            )
            self.alarms.above(
                f"{slug}-throttled", "table-throttled", throttled, 0, f"Table {slug} refuses requests.", periods=2
            )

    def _failed_deployments(self) -> None:
        rule = events.Rule(
            self,
            "FailedDeployments",
            description=f"What to do: {runbook('failed-deployment')}",
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Deployment State Change"],
                resources=[self._media.media.service.service_arn],
                detail={"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
            ),
        )
        rule.add_target(targets.SnsTopic(self.topic))

    def _budget(self) -> None:
        spent = budgets.CfnBudget.NotificationProperty
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self._stage.prefix,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._stage.alarms.monthly_budget_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:stage${self._stage.name}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=spent(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=share,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, share in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )

    def _dashboard(self, capacity: Capacity) -> cloudwatch.Dashboard:
        api, media, data = self._api.api, self._media, self._data
        page = cloudwatch.Dashboard(self, "Page", dashboard_name=self._stage.prefix, default_interval=Duration.hours(6))
        page.add_widgets(
            cloudwatch.AlarmStatusWidget(alarms=list(self.alarms.made), width=24, height=4, title="Alarms")
        )
        page.add_widgets(
            _graph("Calls", self._calls("ActiveCalls")),
            cloudwatch.GraphWidget(
                title="Calls of a process",
                width=8,
                left=[self._calls("CallsPerTask", "Average")],
                left_annotations=[
                    cloudwatch.HorizontalAnnotation(value=capacity.admitted, label="full"),
                    cloudwatch.HorizontalAnnotation(
                        value=int(capacity.admitted * self._stage.media.target_use), label="another is started"
                    ),
                ],
            ),
            _graph("Processes", self._calls("Tasks"), self._calls("OpenTasks")),
        )
        page.add_widgets(
            _graph("Media CPU and memory", media.media.service.metric_cpu_utilization(),
                   media.media.service.metric_memory_utilization()),
            _graph("HTTP latency", api.metric_latency(statistic="p50"), api.metric_latency(statistic="p99")),
            _graph("HTTP errors", api.metric_client_error(), api.metric_server_error()),
        )  # fmt: skip
        page.add_widgets(
            _graph("Messages waiting", *(work.queue.metric_approximate_number_of_messages_visible()
                                         for work in data.queues)),
            _graph("Function errors", *(made.function.metric_errors()
                                        for made in (*self._api.functions, *self._workflows.functions))),
            cloudwatch.LogQueryWidget(
                title="Latest errors of media processes",
                width=8,
                log_group_names=[media.media.logs.log_group_name],
                query_string="fields @timestamp, message, call_id | filter level = 'ERROR'"
                " | sort @timestamp desc | limit 20",
            ),
        )  # fmt: skip
        return page


def _graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, width=8, left=list(metrics))
