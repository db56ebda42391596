"""Phone numbers as they are shown to people who need not know them."""


def masked(number: str | None) -> str | None:
    """All but the first five and the last four characters hidden: `+1555XXX4567`."""
    if number is None:
        return None
    hidden = max(0, len(number) - 9)
    return number[:5] + "X" * hidden + number[-4:] if hidden else "X" * len(number)
