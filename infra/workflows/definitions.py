"""Which function stands behind each placeholder of a state machine; read by the local platform and by the stacks.

`${CloseTranscriptArn}` in the definition is `functions.workflows.close_transcript.handler`, and so on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class WorkflowSpec:
    """A state machine: its definition's file, and the module of each placeholder's function."""

    name: str
    path: Path
    functions: Mapping[str, str]

    def definition(self, arns: Mapping[str, str]) -> str:
        """The definition with functions' ARNs, by module name, in place of the placeholders."""
        text = self.path.read_text()
        for placeholder, module in self.functions.items():
            text = text.replace(f"${{{placeholder}}}", arns[module])
        return text


AFTER_CALL = WorkflowSpec(
    "after-call",
    ROOT / "after_call.asl.json",
    {
        "CloseTranscriptArn": "close_transcript",
        "DeliverRecordingArn": "deliver_recording",
        "MessageCallerArn": "message_caller",
        "SummariseCallArn": "summarise_call",
        "PriceCallArn": "price_call",
        "IndexCallArn": "index_call",
        "NotifyCompanyArn": "notify_company",
        "CompleteCallArn": "complete_call",
    },
)
