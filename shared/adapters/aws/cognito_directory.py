"""Accounts in a Cognito user pool whose users sign in with their email address.

The company is the attribute `custom:company_id`, the role a group; users can change neither.
"""

from typing import Any

from botocore.exceptions import ClientError

from shared.contracts.errors import Conflict
from shared.contracts.records.user import Role

COMPANY = "custom:company_id"
TAKEN = "This email address already has an account."


class CognitoDirectory:
    """See shared.ports.identity. `client` is a boto3 cognito-idp client."""

    def __init__(self, client: Any, user_pool_id: str) -> None:
        self._client, self._pool = client, user_pool_id

    def invite(self, email: str, name: str, company_id: str) -> str:
        """Make an account and send its first password by email. One that was made for this company before is returned
        as it is: an earlier invitation may have broken off."""
        attributes = {"email": email, "email_verified": "true", "name": name or email, COMPANY: company_id}
        try:
            answer = self._client.admin_create_user(
                UserPoolId=self._pool,
                Username=email,
                UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
                DesiredDeliveryMediums=["EMAIL"],
            )
            found = answer["User"]["Attributes"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "UsernameExistsException":
                raise
            found = self._client.admin_get_user(UserPoolId=self._pool, Username=email)["UserAttributes"]
            if _named(found, COMPANY) != company_id:
                raise Conflict(TAKEN) from error
        return _named(found, "sub")

    def set_role(self, user_id: str, role: Role) -> None:
        """Put somebody into their role's group and no other of ours."""
        user = {"UserPoolId": self._pool, "Username": user_id}
        groups = {group["GroupName"] for group in self._client.admin_list_groups_for_user(**user)["Groups"]}
        for other in groups & set(Role) - {role}:
            self._client.admin_remove_user_from_group(**user, GroupName=str(other))
        if role not in groups:
            self._client.admin_add_user_to_group(**user, GroupName=str(role))

    def set_active(self, user_id: str, *, active: bool) -> None:
        """Let somebody sign in, or end their sessions and keep them out."""
        user = {"UserPoolId": self._pool, "Username": user_id}
        if active:
            self._client.admin_enable_user(**user)
        else:
            self._client.admin_disable_user(**user)
            self._client.admin_user_global_sign_out(**user)


def _named(attributes: list[dict[str, str]], name: str) -> str:
    return next((found["Value"] for found in attributes if found["Name"] == name), "")
