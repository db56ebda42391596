"""Builds what the consumers of queues use, once for each container."""

import os
from functools import cache

from functions.wiring import step_functions
from shared.adapters.aws.executions import StepFunctionsExecutions
from shared.contracts.environment import StarterEnvironment


@cache
def executions() -> StepFunctionsExecutions:
    """The workflow after calls."""
    return StepFunctionsExecutions(step_functions(), StarterEnvironment.read(os.environ).after_call_state_machine_arn)
