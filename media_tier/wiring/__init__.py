"""The composition root: the only place of the media tier that knows AWS, clocks and randomness."""
