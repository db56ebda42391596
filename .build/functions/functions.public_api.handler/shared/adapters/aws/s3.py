"""Blobs on S3. Signed addresses are SigV4 and answer as a download."""

from collections.abc import Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError

PART_BYTES = 8 * 1024 * 1024


class S3Blobs:
    """`client` is a boto3 S3 client made with signature version s3v4."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def list(self, prefix: str) -> Sequence[str]:
        """Every key under a prefix."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [str(entry["Key"]) for page in pages for entry in page.get("Contents", [])]

    def get(self, key: str) -> bytes | None:
        """The object, None if there is none."""
        try:
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return body

    def put_parts(self, key: str, parts: Iterable[bytes], content_type: str) -> None:
        """Store an object of any length from parts of any length, holding little of it in memory."""
        upload = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=content_type)
        where = {"Bucket": self._bucket, "Key": key, "UploadId": upload["UploadId"]}
        done: list[dict[str, Any]] = []
        try:
            for number, body in enumerate(_in_parts(parts), start=1):
                answer = self._client.upload_part(**where, PartNumber=number, Body=body)
                done.append({"PartNumber": number, "ETag": answer["ETag"]})
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": done})
        except Exception:
            self._client.abort_multipart_upload(**where)
            raise

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects; those that are gone already do not matter."""
        for at in range(0, len(keys), 1000):
            batch = [{"Key": key} for key in keys[at : at + 1000]]
            self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": batch, "Quiet": True})

    def signed_url(self, key: str, *, seconds: int, filename: str) -> str:
        """An address that downloads this one object for a while."""
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
        }
        return str(self._client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))


def _in_parts(parts: Iterable[bytes]) -> Iterable[bytes]:
    gathered = bytearray()
    for part in parts:
        gathered += part
        while len(gathered) >= PART_BYTES:
            yield bytes(gathered[:PART_BYTES])
            del gathered[:PART_BYTES]
    if gathered:
        yield bytes(gathered)
