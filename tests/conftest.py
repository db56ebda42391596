"""Fixtures every test may ask for."""

from tests.platform import aws_server, cloud

__all__ = ["aws_server", "cloud"]
