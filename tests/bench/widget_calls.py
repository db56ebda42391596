"""What a widget call costs: the bare relay against the real media process, same load, same provider stand-in.

    python -m tests.bench.widget_calls --calls 200 --seconds 12 --rounds 3

The real one has admission, pacing, acknowledgements, the call core, captions, recording to S3 and the journal to
DynamoDB, both to a storage stand-in. The two take turns and each round has its ratio: the median counts. Prints CPU
milliseconds per call-second and memory per call, and the delay per audio message each way, once every call talks.
"""

import argparse

from tests.bench.media_process import (
    TOKEN,
    Load,
    Surroundings,
    bare_relay,
    in_turn,
    media_process,
    open_calls,
    print_table,
)

TARGET_RATIO = 2.5


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    load = Load("tests.bench.load", options.calls, options.seconds)

    def sessions(around: Surroundings) -> list[str]:
        return [f"{session_id} {TOKEN}" for session_id in open_calls(around.storage, options.calls)]

    rows = in_turn(
        options.rounds,
        [
            lambda: bare_relay("bare relay", "tests.bench.relay", load),
            lambda: media_process("media process", load, sessions),
        ],
    )
    print_table(rows, options.seconds, f"ratio up to {TARGET_RATIO}")


if __name__ == "__main__":
    main()
