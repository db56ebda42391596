"""DynamoDB and S3 in this process, for very many schedules: only what the work after a call asks of them.

Clients as boto3's. Whatever else is asked raises, so that nothing is answered by guessing; that all comes out as with
the emulator is tested beside the schedules. `asked` is called before every request.
"""

import copy
import io
import re
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

Item = dict[str, dict[str, Any]]
_ABSENT, _THERE, _REV = "attribute_not_exists(PK)", "attribute_exists(PK)", "#rev = :rev"
_SET = re.compile(r"SET (\w+) = (:\w+)")
_ADD = re.compile(r"(#\w+) (:\w+)")


class _Pages:
    def __init__(self, ask: Callable[..., dict[str, Any]]) -> None:
        self._ask = ask

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self._ask(**request)


class QuickDynamo:
    """Every table, keyed by PK and SK."""

    def __init__(self, asked: Callable[[], None]) -> None:
        self._asked = asked
        self.tables: dict[str, dict[tuple[str, str], Item]] = {}

    def _table(self, name: str) -> dict[tuple[str, str], Item]:
        return self.tables.setdefault(name, {})

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool = False) -> dict[str, Any]:
        assert ConsistentRead
        self._asked()
        return self._found(TableName, Key)

    def _found(self, table: str, key: Item) -> dict[str, Any]:
        item = self._table(table).get(_key(key))
        return {} if item is None else {"Item": copy.deepcopy(item)}

    def put_item(self, **put: Any) -> dict[str, Any]:
        self._asked()
        return self._alone({"Put": put})

    def update_item(self, **update: Any) -> dict[str, Any]:
        self._asked()
        return self._alone({"Update": update})

    def _alone(self, action: dict[str, Any]) -> dict[str, Any]:
        if not self._holds(action):
            raise _error("ConditionalCheckFailedException")
        self._do(action)
        return {}

    def transact_get_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        self._asked()
        gets = [action["Get"] for action in TransactItems]
        return {"Responses": [self._found(get["TableName"], get["Key"]) for get in gets]}

    def transact_write_items(self, *, TransactItems: list[Any]) -> dict[str, Any]:
        self._asked()
        held = [self._holds(action) for action in TransactItems]
        if not all(held):
            raise _error(
                "TransactionCanceledException",
                CancellationReasons=[{"Code": "None" if good else "ConditionalCheckFailed"} for good in held],
            )
        for action in TransactItems:
            self._do(action)
        return {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        self._asked()
        ((table, wanted),) = RequestItems.items()
        found = [self._found(table, key).get("Item") for key in wanted["Keys"]]
        return {"Responses": {table: [item for item in found if item]}}

    def batch_write_item(self, *, RequestItems: Mapping[str, list[Any]]) -> dict[str, Any]:
        self._asked()
        for table, requests in RequestItems.items():
            for request in requests:
                if "PutRequest" in request:
                    self._do({"Put": {"TableName": table, **request["PutRequest"]}})
                else:
                    self._table(table).pop(_key(request["DeleteRequest"]["Key"]), None)
        return {}

    def get_paginator(self, operation: str) -> _Pages:
        assert operation == "query"
        return _Pages(self._query)

    def _query(
        self, *, TableName: str, KeyConditionExpression: str, ExpressionAttributeValues: Item, ConsistentRead: bool
    ) -> dict[str, Any]:
        assert KeyConditionExpression == "PK = :pk AND begins_with(SK, :prefix)"
        self._asked()
        pk, prefix = (ExpressionAttributeValues[name]["S"] for name in (":pk", ":prefix"))
        found = sorted(key for key in self._table(TableName) if key[0] == pk and key[1].startswith(prefix))
        return {"Items": [copy.deepcopy(self._table(TableName)[key]) for key in found]}

    def scan(self, *, TableName: str, ConsistentRead: bool) -> dict[str, Any]:
        """Of the test, not of the work: no request."""
        return {"Items": list(self._table(TableName).values())}

    def _holds(self, action: Mapping[str, Any]) -> bool:
        ((kind, request),) = action.items()
        key = _key(request["Item"] if kind == "Put" else request["Key"])
        condition, item = request.get("ConditionExpression"), self._table(request["TableName"]).get(key)
        if condition is None:
            return True
        if condition == _ABSENT:
            return item is None
        if condition == _THERE:
            return item is not None
        assert condition == _REV and request["ExpressionAttributeNames"] == {"#rev": "rev"}, condition
        return item is not None and item.get("rev") == request["ExpressionAttributeValues"][":rev"]

    def _do(self, action: Mapping[str, Any]) -> None:
        ((kind, request),) = action.items()
        table = self._table(request["TableName"])
        if kind == "Put":
            table[_key(request["Item"])] = copy.deepcopy(request["Item"])
        elif kind == "Update":
            item = table.setdefault(_key(request["Key"]), dict(request["Key"]))
            _update(item, request)
        else:
            assert kind == "ConditionCheck", kind


def _update(item: Item, request: Mapping[str, Any]) -> None:
    expression, values = request["UpdateExpression"], request["ExpressionAttributeValues"]
    if match := _SET.fullmatch(expression):
        item[match[1]] = values[match[2]]
        return
    assert expression.startswith("ADD "), expression
    for name, value in _ADD.findall(expression):
        attribute = request["ExpressionAttributeNames"][name]
        before = float(item.get(attribute, {"N": "0"})["N"])
        item[attribute] = {"N": f"{before + float(values[value]['N']):g}"}


class QuickS3:
    """Every bucket."""

    def __init__(self, asked: Callable[[], None]) -> None:
        self._asked = asked
        self.objects: dict[str, bytes] = {}
        self._uploads: dict[str, dict[int, bytes]] = {}

    def get_paginator(self, operation: str) -> _Pages:
        assert operation == "list_objects_v2"
        return _Pages(self._list)

    def _list(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:
        self._asked()
        return {"Contents": [{"Key": key} for key in sorted(self.objects) if key.startswith(Prefix)]}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        self._asked()
        if Key not in self.objects:
            raise _error("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key])}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str = "") -> dict[str, Any]:
        self._asked()
        self.objects[Key] = bytes(Body)
        return {}

    def create_multipart_upload(self, *, Bucket: str, Key: str, ContentType: str) -> dict[str, Any]:
        self._asked()
        upload = str(len(self._uploads))
        self._uploads[upload] = {}
        return {"UploadId": upload}

    def upload_part(self, *, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes) -> dict[str, Any]:
        self._asked()
        self._uploads[UploadId][PartNumber] = bytes(Body)
        return {"ETag": str(PartNumber)}

    def complete_multipart_upload(
        self, *, Bucket: str, Key: str, UploadId: str, MultipartUpload: Mapping[str, Any]
    ) -> dict[str, Any]:
        self._asked()
        parts = self._uploads.pop(UploadId)
        self.objects[Key] = b"".join(parts[part["PartNumber"]] for part in MultipartUpload["Parts"])
        return {}

    def abort_multipart_upload(self, *, Bucket: str, Key: str, UploadId: str) -> dict[str, Any]:
        self._asked()
        self._uploads.pop(UploadId, None)
        return {}

    def delete_objects(self, *, Bucket: str, Delete: Mapping[str, Any]) -> dict[str, Any]:
        self._asked()
        for entry in Delete["Objects"]:
            self.objects.pop(entry["Key"], None)
        return {}


def _key(attributes: Item) -> tuple[str, str]:
    return attributes["PK"]["S"], attributes["SK"]["S"]


def _error(code: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
    return ClientError(response, "Quick")


def without_requests() -> SimpleNamespace:
    """A KMS that only hands back what it was given: the secret is opened once in a process's life."""

    def encrypt(*, KeyId: str, Plaintext: bytes, EncryptionContext: Mapping[str, str]) -> dict[str, Any]:
        return {"CiphertextBlob": Plaintext}

    def decrypt(*, CiphertextBlob: bytes, EncryptionContext: Mapping[str, str]) -> dict[str, Any]:
        return {"Plaintext": CiphertextBlob}

    return SimpleNamespace(encrypt=encrypt, decrypt=decrypt)
