"""The one domain: which path goes where, what is cached, what the edge adds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.front_headers import EDGE
from media_tier.app import _PATH
from shared.domain import webhook_addresses
from tests.infra.conftest import Synthesised

UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""CloudFront's managed policies CachingDisabled and AllViewerExceptHostHeader."""


def _front(production: Synthesised) -> dict[str, Any]:
    return dict(production.only("AWS::CloudFront::Distribution")["DistributionConfig"])


def _behaviour(production: Synthesised, path: str) -> dict[str, Any]:
    """The behaviour CloudFront would choose: the first that matches."""
    front = _front(production)
    for behaviour in front["CacheBehaviors"]:
        pattern = behaviour["PathPattern"]
        if _matches(pattern, path):
            return dict(behaviour)
    return dict(front["DefaultCacheBehavior"])


def _matches(pattern: str, path: str) -> bool:
    parts, at = pattern.split("*"), 0
    for number, part in enumerate(parts):
        found = path.find(part, at)
        if found < 0 or (number == 0 and found != 0):
            return False
        at = found + len(part)
    return at == len(path) or parts[-1] == ""


def _origin(production: Synthesised, path: str) -> str:
    wanted = _behaviour(production, path)["TargetOriginId"]
    (origin,) = [origin for origin in _front(production)["Origins"] if origin["Id"] == wanted]
    name = json.dumps(origin["DomainName"])
    if "media-origin.calls.example.com" in name:
        return "media"
    return "api" if "CustomOriginConfig" in origin else "files"


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/", "files"),
        ("/widget.js", "files"),
        ("/widget/frame/assets/index-BLDqHn7T.js", "files"),
        ("/widget/frame/index.html", "api"),
        ("/dashboard/assets/index-1.js", "files"),
        ("/admin/companies", "files"),
        ("/preview/widget", "files"),
        ("/api/admin/companies", "api"),
        ("/api/widget/call/session", "api"),
        ("/api/widget/call/c-1/recording", "api"),
        ("/api/widget/call/c-1/ws", "media"),
        ("/api/webhooks/whatsapp", "api"),
        (f"{webhook_addresses.TWILIO}/voice", "api"),
        (f"{webhook_addresses.TWILIO}/stream/account/ticket", "media"),
    ],
)
def test_every_path_goes_to_who_serves_it(production: Synthesised, path: str, origin: str) -> None:
    assert _origin(production, path) == origin
    if "/ws" in path:
        assert _PATH.fullmatch(path)


@pytest.mark.parametrize("path", ["/api/admin/companies", "/api/widget/call/s/ws", "/widget/frame/index.html"])
def test_answers_of_processes_are_never_kept_and_name_the_visitor(production: Synthesised, path: str) -> None:
    behaviour = _behaviour(production, path)
    assert behaviour["CachePolicyId"] == UNCACHED
    assert behaviour["OriginRequestPolicyId"] == ALL_BUT_HOST
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    assert "POST" in behaviour["AllowedMethods"]
    assert "OnVieweraddress" in json.dumps(behaviour["FunctionAssociations"])


def test_the_loader_is_kept_for_a_minute(production: Synthesised) -> None:
    (policy,) = production.properties("AWS::CloudFront::CachePolicy")
    assert policy["CachePolicyConfig"]["MaxTTL"] == 60
    assert "LoaderCache" in json.dumps(_behaviour(production, "/widget.js")["CachePolicyId"])


def test_our_origins_know_the_front_by_a_secret(production: Synthesised) -> None:
    secret = "{{resolve:secretsmanager:calls-prod/origin:SecretString:::}}"
    custom = [origin for origin in _front(production)["Origins"] if "CustomOriginConfig" in origin]
    assert len(custom) == 2
    for origin in custom:
        assert origin["OriginCustomHeaders"] == [{"HeaderName": "x-origin-secret", "HeaderValue": secret}]
        assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
        assert origin["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_every_route_of_the_api_is_guarded(production: Synthesised) -> None:
    routes = production.properties("AWS::ApiGatewayV2::Route")
    assert len(routes) == 4
    for route in routes:
        assert route["AuthorizationType"] == "CUSTOM"
    authorizer = production.only("AWS::ApiGatewayV2::Authorizer")
    assert authorizer["IdentitySource"] == ["$request.header.x-origin-secret"]
    assert authorizer["EnableSimpleResponses"] is True


def test_the_firewall_stops_the_known_bad_and_floods_but_not_carriers(production: Synthesised) -> None:
    wall = production.only("AWS::WAFv2::WebACL")
    assert wall["Scope"] == "CLOUDFRONT"
    assert "Firewall" in json.dumps(_front(production)["WebACLId"])
    rules = {rule["Name"]: rule for rule in wall["Rules"]}
    assert len(rules) == 4
    rate = rules["OneAddress"]["Statement"]["RateBasedStatement"]
    spared = rate["ScopeDownStatement"]["NotStatement"]["Statement"]["ByteMatchStatement"]
    assert (rate["Limit"], spared["SearchString"]) == (2000, "/api/webhooks/")
    group = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    assert all(override["ActionToUse"] == {"Count": {}} for override in group["RuleActionOverrides"])
    assert all(override["Name"].endswith("_BODY") for override in group["RuleActionOverrides"])


def test_security_headers_fit_each_kind_of_page(production: Synthesised) -> None:
    policies = {
        policy["ResponseHeadersPolicyConfig"]["Name"]: policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        for policy in production.properties("AWS::CloudFront::ResponseHeadersPolicy")
    }
    for headers in policies.values():
        assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000
        assert headers["ContentTypeOptions"] == {"Override": True}
    csp = policies["calls-prod-dashboard"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "script-src 'self';" in csp
    assert "frame-ancestors 'self'" in csp
    # The widget is made to be framed by others; who may is said by the page itself.
    assert "FrameOptions" not in policies["calls-prod-widget"]
    assert "ContentSecurityPolicy" not in policies["calls-prod-api"]


def _at_the_edge(file: Path, event: dict[str, Any]) -> dict[str, Any]:
    script = f"{file.read_text()}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    node = str(Path(sys.executable).parent / "node")
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/admin/companies", "/dashboard/index.html"),
        ("/", "/dashboard/index.html"),
        ("/dashboard/config.json", "/dashboard/config.json"),
    ],
)
def test_every_address_of_the_dashboard_is_one_document(asked: str, served: str) -> None:
    answer = _at_the_edge(EDGE / "pages.js", {"request": {"uri": asked, "headers": {}}})
    assert answer["uri"] == served


def test_a_visitor_cannot_claim_another_address() -> None:
    claimed = {"x-viewer-address": {"value": "203.0.113.9"}}
    event = {"request": {"uri": "/api/widget/call/session", "headers": claimed}, "viewer": {"ip": "198.51.100.7"}}
    answer = _at_the_edge(EDGE / "viewer_address.js", event)
    assert answer["headers"]["x-viewer-address"] == {"value": "198.51.100.7"}


def test_the_front_writes_down_requests_without_visitors(production: Synthesised) -> None:
    fields = set(production.only("AWS::Logs::Delivery")["RecordFields"])
    assert "sc-status" in fields
    assert not fields & {"c-ip", "cs-uri-query", "cs(Cookie)", "cs(Referer)", "x-forwarded-for"}
