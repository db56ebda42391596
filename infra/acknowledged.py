"""Findings of cdk-nag that stay, each with its reason."""

from collections.abc import Sequence

from aws_cdk import Stack


def acknowledge(stacks: Sequence[Stack]) -> None:
    """Acknowledge what stays."""
