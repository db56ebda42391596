"""Fixtures every test may ask for."""

from hypothesis import settings

from tests.platform import aws_server, cloud

__all__ = ["aws_server", "cloud"]

settings.register_profile("unhurried", settings.default, deadline=None)
settings.load_profile("unhurried")
