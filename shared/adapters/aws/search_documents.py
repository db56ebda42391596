"""What the search engine indexes, one JSON object for each call in the bucket of recordings.

The engine reads these; building its index anew is reading them all.
"""

from typing import Any

from shared.contracts.records.after_call import SearchDocument


def search_key(company_id: str, call_id: str) -> str:
    """Where a call's document lies."""
    return f"search/{company_id}/{call_id}.json"


class S3SearchDocuments:
    """See shared.ports.after_call.SearchIndex. `client` is a boto3 S3 client."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket

    def put(self, document: SearchDocument) -> None:
        """Store or replace a call's document."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=search_key(document.company_id, document.call_id),
            Body=document.model_dump_json().encode(),
            ContentType="application/json",
        )

    def remove(self, company_id: str, call_id: str) -> None:
        """Forget a call."""
        self._client.delete_object(Bucket=self._bucket, Key=search_key(company_id, call_id))
