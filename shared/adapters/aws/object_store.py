"""Opens a bucket through obstore: little CPU for each request, credentials from the environment or the task's role."""

from obstore.store import S3Store


def open_bucket(bucket: str, *, region: str, endpoint: str | None) -> S3Store:
    """The bucket; `endpoint` only where S3 is emulated."""
    if endpoint is None:
        return S3Store(bucket, region=region)
    return S3Store(
        bucket, region=region, endpoint=endpoint, client_options={"allow_http": endpoint.startswith("http://")}
    )
