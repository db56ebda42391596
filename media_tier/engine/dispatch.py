"""Carries out the core's commands. Every effect returns at once; what comes of it is an event."""

import asyncio
import logging
from dataclasses import replace

from media_tier.call import commands as do
from media_tier.call.events import Party, PromptMissing, ToolFinished
from media_tier.engine.links import build_seed
from media_tier.engine.live_call import LiveCall
from shared.contracts.records.call import TranscriptSegment

log = logging.getLogger(__name__)

TOOL_SECONDS = 10.0


def execute(call: LiveCall, command: do.Command) -> None:
    """Do what one command asks for."""
    match command:
        case do.OpenProvider() | do.UseProvider() | do.CloseProvider():
            _provider(call, command)
        case do.PlayPrompt() | do.StopPlayback() | do.DropAudio():
            _playback(call, command)
        case do.RunTool():
            call.run(asyncio.get_running_loop().create_task(_run_tool(call, command)))
            call.checkpoint_soon()
        case do.StartRecording():
            call.recording = True
            call.ports.recorder.start(call.elapsed_ms)
            call.checkpoint_soon()
        case do.StopRecording():
            call.recording = False
            call.ports.recorder.stop()
        case do.AppendTranscript():
            _transcript(call, command)
        case do.Finish():
            call.finish(command.reason, command.by, command.interruption_count)
        case do.AskToReconnect():
            call.move()
        case do.TellSpeaking() | do.TellStatus() | do.TellQuality():
            _tell(call, command)
        case _:
            _conversation(call, command)


def _provider(call: LiveCall, command: do.OpenProvider | do.UseProvider | do.CloseProvider) -> None:
    if isinstance(command, do.OpenProvider):
        model, seed = call.ports.model, build_seed(command, call.seed)
        fallback, record = call.ports.fallback_model, call.record.configuration.fallback_model
        if command.fallback_model and fallback is not None and record is not None:
            model = fallback
            seed = build_seed(command, replace(call.seed, model=record))
        call.links.open(model, seed)
    elif isinstance(command, do.UseProvider):
        call.links.use(command.connection)
    else:
        call.links.close(command.connection)


def _playback(call: LiveCall, command: do.PlayPrompt | do.StopPlayback | do.DropAudio) -> None:
    if isinstance(command, do.DropAudio):
        call.drop_audio(command.response_id)
    elif isinstance(command, do.StopPlayback):
        call.silence()
    else:
        pcm = call.ports.prompter.pcm(call.seed.settings, command.text)
        if pcm is None:
            call.post(PromptMissing(command.playback_id))
            return
        call.play(command.playback_id, pcm)
        call.playout.end(command.playback_id)


def _conversation(call: LiveCall, command: do.Command) -> None:
    connection = call.links.current
    if connection is None:
        return
    match command:
        case do.RequestResponse():
            connection.request_response(command.tag, command.instructions)
        case do.AddContext():
            connection.add_context(command.role, command.text)
        case do.CancelResponse():
            connection.cancel(command.response_id)
        case do.TruncateResponse():
            connection.truncate(command.response_id, command.item_id, command.played_ms)
        case do.SubmitToolResult():
            connection.submit_tool_result(command.call_id, command.name, command.output, command.request_response)
            call.checkpoint_soon()


def _transcript(call: LiveCall, command: do.AppendTranscript) -> None:
    if call.leg is not None or command.final:
        data = {
            "id": command.segment_id,
            "role": str(command.role),
            "text": command.text,
            "final": command.final,
            "startMs": command.start_ms,
            "endMs": command.end_ms,
            "interrupted": command.interrupted,
        }
        call.tell_line({"type": "transcript", "data": data})
    if command.final:
        call.ports.journal.transcript(
            TranscriptSegment(
                segment_id=command.segment_id,
                role=command.role,
                text=command.text,
                start_ms=command.start_ms,
                end_ms=max(command.start_ms, command.end_ms),
                confidence=command.confidence,
                interrupted=command.interrupted,
            )
        )
        call.checkpoint_soon()


def _tell(call: LiveCall, command: do.TellSpeaking | do.TellStatus | do.TellQuality) -> None:
    if call.leg is None:
        return
    if isinstance(command, do.TellSpeaking):
        kind = "user_speaking" if command.party is Party.CALLER else "agent_speaking"
        call.leg.tell({"type": kind, "on": command.on})
    elif isinstance(command, do.TellStatus):
        call.leg.tell({"type": "status", "state": command.state})
    else:
        call.leg.tell({"type": "quality", "level": command.level})


async def _run_tool(call: LiveCall, command: do.RunTool) -> None:
    try:
        async with asyncio.timeout(TOOL_SECONDS):
            output = await call.ports.toolbox.run(call.record, command.call_id, command.name, command.arguments)
    except Exception as error:  # a tool's failure of any kind is told to the AI, never to the call
        log.warning("tool failed", extra={"tool": command.name, "kind": type(error).__name__})
        call.post(ToolFinished(command.call_id, {"error": "the tool failed"}, ok=False))
        return
    call.post(ToolFinished(command.call_id, output))
