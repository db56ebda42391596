"""What a function costs before it can answer: its module imported in a fresh interpreter, as Lambda does.

    python -m tests.bench.cold_starts

Each in turn, the best of four, files in the page cache. Lambda at 1 GB has less of a core and a colder disk: two or
three times as much is to be expected there. Asserts nothing: machines differ.
"""

import os
import resource
import subprocess
import sys
import time

BUDGET_MS = 700
FUNCTIONS = {
    "session (public API)": "functions.public_api.handler",
    "webhooks": "functions.webhooks.handler",
    "origin guard": "functions.origin_guard.handler",
    "close call": "functions.workers.close_call",
    "administration": "functions.admin_api.handler",
}
BUDGETED = ("session (public API)", "webhooks", "origin guard")
"""Somebody waits for these."""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "STAGE": "test",
    "RECORDINGS_BUCKET": "calls",
    "CALL_ENDED_QUEUE_URL": "https://sqs/ended",
    "PUBLIC_BASE_URL": "https://calls.example.com",
    "WHATSAPP_OFFERS_QUEUE_URL": "https://sqs/offers",
    "PLACE_CALL_QUEUE_URL": "https://sqs/place",
    "RENDER_PROMPTS_QUEUE_URL": "https://sqs/render",
    "ORIGIN_SECRET_ID": "origin",
    "COGNITO_USER_POOL_ID": "pool",
    "COGNITO_CLIENT_ID": "client",
    "COGNITO_ISSUER": "https://cognito",
}
TIMES = 4


def milliseconds(module: str) -> tuple[float, float]:
    """From the start of the interpreter to a handler that can be called: CPU time, and time on the clock."""
    environment = {**os.environ, **ENVIRONMENT}
    taken = []
    for _ in range(TIMES):
        before, began = _cpu_seconds(), time.perf_counter()
        subprocess.run([sys.executable, "-c", f"from {module} import handler"], env=environment, check=True)
        taken.append(((_cpu_seconds() - before) * 1000, (time.perf_counter() - began) * 1000))
    return min(taken)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    print(f"\ncold starts in a fresh interpreter, best of {TIMES}; budget {BUDGET_MS} ms of CPU where somebody waits")
    for name, module in FUNCTIONS.items():
        cpu, clock = milliseconds(module)
        verdict = "" if name not in BUDGETED else "  within budget" if cpu <= BUDGET_MS else "  OVER BUDGET"
        print(f"{name:24}{cpu:6.0f} ms of CPU{clock:7.0f} ms on the clock{verdict}")


if __name__ == "__main__":
    main()
