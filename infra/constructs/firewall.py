"""The firewall of the one domain: known bad senders, known attacks, and a limit on what one address may ask.

Bodies are bounded and typed by the applications, and hold what looks like an attack by right (prompts with markup, SDP,
Meta's batches of 3 MB): the rules that judge bodies only count.
"""

from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from infra.stage import Stage

REQUESTS_PER_5_MINUTES = 2000
"""Of one address: an office full of dashboards stays far below."""
COUNTED = (
    "SizeRestrictions_BODY",
    "CrossSiteScripting_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "EC2MetaDataSSRF_BODY",
)
_Rule = waf.CfnWebACL.RuleProperty
_Statement = waf.CfnWebACL.StatementProperty


def firewall(scope: Construct, stage: Stage) -> waf.CfnWebACL:
    """The rules, in order."""
    return waf.CfnWebACL(
        scope,
        "Firewall",
        name=f"{stage.prefix}-front",
        scope="CLOUDFRONT",
        default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_seen("front"),
        rules=[
            _managed(0, "AWSManagedRulesAmazonIpReputationList"),
            _managed(1, "AWSManagedRulesKnownBadInputsRuleSet"),
            _managed(2, "AWSManagedRulesCommonRuleSet", COUNTED),
            _limit(3),
        ],
    )


def _managed(priority: int, name: str, counted: tuple[str, ...] = ()) -> _Rule:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    overrides = [waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted]
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=name, rule_action_overrides=overrides or None
    )
    return _Rule(
        name=name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=_Statement(managed_rule_group_statement=group),
        visibility_config=_seen(name),
    )


def _limit(priority: int) -> _Rule:
    """Carriers send many calls from few addresses and sign every request, so they are not counted."""
    webhooks = waf.CfnWebACL.ByteMatchStatementProperty(
        field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
        positional_constraint="STARTS_WITH",
        search_string="/api/webhooks/",
        text_transformations=[waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
    )
    others = _Statement(
        not_statement=waf.CfnWebACL.NotStatementProperty(statement=_Statement(byte_match_statement=webhooks))
    )
    rate = waf.CfnWebACL.RateBasedStatementProperty(
        aggregate_key_type="IP", limit=REQUESTS_PER_5_MINUTES, scope_down_statement=others
    )
    return _Rule(
        name="OneAddress",
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(
            block=waf.CfnWebACL.BlockActionProperty(
                custom_response=waf.CfnWebACL.CustomResponseProperty(response_code=429)
            )
        ),
        statement=_Statement(rate_based_statement=rate),
        visibility_config=_seen("OneAddress"),
    )


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
