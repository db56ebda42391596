"""What the front adds to requests and answers: security headers for each kind of page, two functions at the edge."""

from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

from infra.stage import Stage

EDGE = Path(__file__).parents[1] / "edge"
HSTS = Duration.days(365)


def dashboard_policy(stage: Stage) -> str:
    """The dashboard's Content-Security-Policy: its own code, its user pool, recordings from the calls' bucket."""
    bucket = f"https://s3.{stage.region}.amazonaws.com"
    pool = f"https://cognito-idp.{stage.region}.amazonaws.com"
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; "
        f"media-src 'self' blob: {bucket}; connect-src 'self' wss://{stage.domain} {pool}; frame-src 'self'; "
        "frame-ancestors 'self'; base-uri 'none'; form-action 'self'; object-src 'none'"
    )


class FrontHeaders(Construct):
    """`dashboard`, `widget` and `api` are policies for answers; `pages` and `viewer_address` run on requests."""

    def __init__(self, scope: Construct, name: str, stage: Stage) -> None:
        super().__init__(scope, name)
        self._stage = stage
        self.dashboard = self._policy(
            "dashboard",
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=dashboard_policy(stage), override=True
            ),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.SAMEORIGIN, override=True
            ),
        )
        self.widget = self._policy("widget")
        self.api = self._policy("api")
        self.pages = self._on_request("pages", "pages.js")
        self.viewer_address = self._on_request("viewer-address", "viewer_address.js")

    def _policy(
        self,
        kind: str,
        content_security_policy: cloudfront.ResponseHeadersContentSecurityPolicy | None = None,
        frame_options: cloudfront.ResponseHeadersFrameOptions | None = None,
    ) -> cloudfront.ResponseHeadersPolicy:
        custom = [("Permissions-Policy", "camera=(), geolocation=(), payment=()")] if kind == "dashboard" else []
        if kind == "widget":
            # Sites that isolate themselves (COEP) may load the widget as well.
            custom.append(("Cross-Origin-Resource-Policy", "cross-origin"))
        return cloudfront.ResponseHeadersPolicy(
            self,
            kind.capitalize(),
            response_headers_policy_name=f"{self._stage.prefix}-{kind}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=content_security_policy,
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=frame_options,
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN, override=False
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=HSTS, include_subdomains=True, override=True
                ),
            ),
            custom_headers_behavior=_custom(custom),
        )

    def _on_request(self, name: str, file: str) -> cloudfront.FunctionAssociation:
        function = cloudfront.Function(
            self,
            f"On{name.capitalize()}",
            function_name=f"{self._stage.prefix}-{name}",
            code=cloudfront.FunctionCode.from_file(file_path=str(EDGE / file)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        return cloudfront.FunctionAssociation(function=function, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST)


def _custom(headers: list[tuple[str, str]]) -> cloudfront.ResponseCustomHeadersBehavior | None:
    if not headers:
        return None
    made = [cloudfront.ResponseCustomHeader(header=name, value=value, override=True) for name, value in headers]
    return cloudfront.ResponseCustomHeadersBehavior(custom_headers=made)
