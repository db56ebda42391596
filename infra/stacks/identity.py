"""Who people are: the user pool of master admins, company admins and support agents. End users need no account."""

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.constructs.storage import removal
from infra.stage import Stage
from shared.contracts.records.user import Role


class IdentityStack(Stack):
    """The pool and the dashboard's client."""

    def __init__(self, scope: Construct, name: str, stage: Stage) -> None:
        super().__init__(
            scope, name, env=Environment(region=stage.region), termination_protection=stage.retention.keep_data
        )
        self.pool = cognito.UserPool(
            self,
            "People",
            user_pool_name=f"{stage.prefix}-people",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            sign_in_case_sensitive=False,
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True)
            ),
            custom_attributes={"company_id": cognito.StringAttribute(mutable=False)},
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
            feature_plan=cognito.FeaturePlan.PLUS if stage.name == "prod" else cognito.FeaturePlan.ESSENTIALS,
            standard_threat_protection_mode=(
                cognito.StandardThreatProtectionMode.FULL_FUNCTION if stage.name == "prod" else None
            ),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
                temp_password_validity=Duration.days(3),
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=stage.retention.keep_data,
            removal_policy=removal(stage),
        )
        for role in Role:
            cognito.CfnUserPoolGroup(
                self, f"Group{role}", user_pool_id=self.pool.user_pool_id, group_name=str(role), description="A role"
            )
        # Whoever could write `custom:company_id` would choose their company.
        own = cognito.ClientAttributes().with_standard_attributes(fullname=True)
        self.client = self.pool.add_client(
            "Dashboard",
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True),
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
            disable_o_auth=True,
            write_attributes=own,
        )
        CfnOutput(self, "DashboardClientId", value=self.client.user_pool_client_id)
