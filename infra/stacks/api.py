"""Short-lived compute behind HTTP: administration, public API, webhooks. Only CloudFront may call it.

The guard admits requests that bear the origin secret and nothing else; who a person is, each application checks itself.
"""

import json

from aws_cdk import Duration, Environment, Fn, Stack
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs import access
from infra.constructs.python_function import ARCHITECTURE, RUNTIME, FunctionHouse, PythonFunction, log_group
from infra.package.functions import ROOT
from infra.package.layer import SHARED, SPEECH, layer_folder
from infra.stacks.data import DataStack
from infra.stacks.environments import IN_A_SECRET, admin_values, function_values
from infra.stacks.identity import IdentityStack
from infra.stage import Stage

ORIGIN_HEADER = "x-origin-secret"
FRAME_PAGE = "/widget/frame/index.html"
"""Who may frame it is the chatbot's setting, so the public API answers it."""
WIDGET_FRAME = ROOT / "frontend" / "widget" / "dist" / "frame" / "index.html"
USER_ADMINISTRATION = (
    "cognito-idp:AdminAddUserToGroup",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminDisableUser",
    "cognito-idp:AdminEnableUser",
    "cognito-idp:AdminGetUser",
    "cognito-idp:AdminListGroupsForUser",
    "cognito-idp:AdminRemoveUserFromGroup",
    "cognito-idp:AdminUserGlobalSignOut",
)


class ApiStack(Stack):
    """The HTTP API and its functions."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        stage: Stage,
        data: DataStack,
        identity: IdentityStack,
        *,
        require_layers: bool,
    ) -> None:
        super().__init__(scope, name, env=Environment(region=stage.region))
        self._stage, self._data = stage, data
        shared, speech = (
            lambda_.LayerVersion(
                self,
                f"{name.capitalize()}Layer",
                code=lambda_.Code.from_asset(str(layer_folder(name, require=require_layers))),
                compatible_runtimes=[RUNTIME],
                compatible_architectures=[ARCHITECTURE],
            )
            for name in (SHARED, SPEECH)
        )
        values = function_values(stage, data)
        self.house = FunctionHouse(stage, shared, speech, data.keys.operations, values, IN_A_SECRET)
        self.public = self._public()
        self.admin = self._admin(identity)
        self.webhooks = self._webhooks()
        self.functions = (self.public, self.admin, self.webhooks)
        self.api = self._http_api()

    def _public(self) -> PythonFunction:
        data = self._data
        made = PythonFunction(
            self,
            "public_api",
            self.house,
            "functions.public_api.handler",
            extra={"functions/public_api/frame.html": WIDGET_FRAME},
        )
        access.items(made.role, data.core, access.READ)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ, access.CHANGE)
        access.items(made.role, data.ledger, access.APPEND)
        access.objects(made.role, data.sound, ["s3:GetObject"], "recordings")
        return made

    def _admin(self, identity: IdentityStack) -> PythonFunction:
        data = self._data
        made = PythonFunction(
            self,
            "admin_api",
            self.house,
            "functions.admin_api.handler",
            more=admin_values(self._stage, data, identity),
            speaks=True,
        )
        access.items(made.role, data.core, access.READ, access.CHANGE, access.DELETE)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ, access.CHANGE)
        access.items(made.role, data.ledger, access.READ, access.APPEND)
        access.items(made.role, data.idempotency, access.READ, access.CHANGE, access.DELETE)
        access.objects(made.role, data.sound, ["s3:GetObject"], "recordings")
        access.objects(made.role, data.sound, access.READ_AND_RENDER, "prompts")
        access.missing_objects(made.role, data.sound)
        for queue in (data.place_call, data.render_prompts):
            access.sending(made.role, queue.queue, data.keys.records)
        access.opening_secrets(made.role, data.keys.secrets, "kms:Decrypt", "kms:Encrypt")
        access.reading_secret(made.role, data.provider_keys.secret_arn, data.keys.secrets)
        access.allow(made.role, USER_ADMINISTRATION, [identity.pool.user_pool_arn])
        return made

    def _webhooks(self) -> PythonFunction:
        data, records = self._data, self._data.keys.records
        made = PythonFunction(self, "webhooks", self.house, "functions.webhooks.handler")
        access.items(made.role, data.core, access.READ, access.CHANGE)
        access.items(made.role, data.calls, access.READ, access.CHANGE)
        access.items(made.role, data.live, access.READ, access.CHANGE)
        for queue in (data.call_ended, data.place_call, data.offers):
            access.sending(made.role, queue.queue, records)
        access.opening_secrets(made.role, data.keys.secrets, "kms:Decrypt", "kms:Encrypt")
        return made

    def _http_api(self) -> apigw.HttpApi:
        guard = authorizers.HttpLambdaAuthorizer(
            "OriginGuard",
            self._guard(),
            identity_source=[f"$request.header.{ORIGIN_HEADER}"],
            response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
            results_cache_ttl=Duration.minutes(5),
        )
        api = apigw.HttpApi(
            self, "Http", api_name=f"{self._stage.prefix}-http", create_default_stage=False, default_authorizer=guard
        )
        for path, function in (
            ("/api/admin/{proxy+}", self.admin),
            ("/api/widget/{proxy+}", self.public),
            ("/api/webhooks/{proxy+}", self.webhooks),
            (FRAME_PAGE, self.public),
        ):
            api.add_routes(
                path=path,
                methods=[apigw.HttpMethod.ANY],
                integration=integrations.HttpLambdaIntegration(function.name, function.function),
            )
        self._http_stage(api)
        return api

    def _http_stage(self, api: apigw.HttpApi) -> None:
        logs = log_group(self, "AccessLogs", self._stage, self._data.keys.operations, "api")
        # No address, no query: neither a person nor a token is in these lines.
        line = {
            "request": "$context.requestId",
            "route": "$context.routeKey",
            "status": "$context.status",
            "ms": "$context.responseLatency",
            "integration_ms": "$context.integrationLatency",
            "error": "$context.integrationErrorMessage",
            "authorizer": "$context.authorizer.error",
        }
        stage = apigw.HttpStage(
            self,
            "Default",
            http_api=api,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigw.ThrottleSettings(rate_limit=1000, burst_limit=2000),
            detailed_metrics_enabled=True,
        )
        written = stage.node.default_child
        assert isinstance(written, apigw.CfnStage)
        written.access_log_settings = apigw.CfnStage.AccessLogSettingsProperty(
            destination_arn=logs.log_group_arn, format=json.dumps(line)
        )

    def _guard(self) -> lambda_.Function:
        """Compares the origin secret; the one before counts as well, so that it can be changed while calls go on."""
        made = PythonFunction(
            self,
            "origin_guard",
            self.house,
            "functions.origin_guard.handler",
            more={"origin_secret_id": self._data.origin_secret.secret_arn},
            seconds=5,
        )
        access.reading_secret(made.role, self._data.origin_secret.secret_arn, self._data.keys.operations)
        return made.function

    @property
    def origin(self) -> str:
        """The API's own host name, which only CloudFront uses."""
        return Fn.select(2, Fn.split("/", self.api.api_endpoint))
