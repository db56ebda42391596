"""Runs of the workflow after calls on Step Functions."""

import json
from typing import Any

from botocore.exceptions import ClientError


class StepFunctionsExecutions:
    """See shared.ports.after_call.Executions. `client` is a boto3 Step Functions client.

    A name is remembered for 90 days after its run has ended (AWS, StartExecution), longer than any message lives.
    """

    def __init__(self, client: Any, state_machine_arn: str) -> None:
        self._client, self._arn = client, state_machine_arn

    def start(self, name: str, company_id: str, call_id: str) -> None:
        """Start it, unless it was started."""
        work = json.dumps({"company_id": company_id, "call_id": call_id})
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=work)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
