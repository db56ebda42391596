"""Puts the built frontend where CloudFront finds it: `python -m infra.publish prod`.

New files come first, the documents that name them last, and nothing is deleted: a page that was opened before keeps
finding its files. Only documents and the loader keep their names, so only they are taken out of the caches.
"""

import json
import mimetypes
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.stage import Stage, read_stage

FRONTEND = Path(__file__).parents[1] / "frontend"
FOREVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"
MINUTE = "public, max-age=60"
CONTENT_TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json"}


class NotBuilt(Exception):
    """A part of the frontend is missing."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One object."""

    key: str
    body: bytes
    content_type: str
    cache: str

    @property
    def late(self) -> bool:
        """Whether it names other files."""
        return self.cache != FOREVER


def uploads(frontend: Path, configuration: Mapping[str, Any]) -> list[Upload]:
    """What is to be uploaded, in order. Raises NotBuilt."""
    found = list(_files(frontend, configuration))
    return sorted(found, key=lambda upload: (upload.late, upload.key))


def _files(frontend: Path, configuration: Mapping[str, Any]) -> Iterator[Upload]:
    widget, dashboard = frontend / "widget" / "dist", frontend / "dashboard" / "dist"
    for needed in (widget / "widget.js", dashboard / "index.html"):
        if not needed.is_file():
            raise NotBuilt(f"{needed.relative_to(frontend)} has not been built")
    yield _upload(widget / "widget.js", "widget.js", MINUTE)
    for folder, prefix in ((widget, "widget"), (dashboard, "dashboard")):
        for path in sorted(folder.rglob("*")):
            key = f"{prefix}/{path.relative_to(folder).as_posix()}"
            if path.is_file() and key != "widget/widget.js":
                yield _upload(path, key, FOREVER if "assets" in path.parts else ALWAYS_ASK)
    body = json.dumps(configuration).encode()
    yield Upload("dashboard/config.json", body, "application/json", ALWAYS_ASK)


def _upload(path: Path, key: str, cache: str) -> Upload:
    kind = CONTENT_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Upload(key, path.read_bytes(), kind, cache)


def publish(s3: Any, cloudfront: Any, bucket: str, distribution: str, found: list[Upload], reference: str) -> None:
    """Upload in order, then have the caches forget what keeps its name."""
    for upload in found:
        s3.put_object(
            Bucket=bucket,
            Key=upload.key,
            Body=upload.body,
            ContentType=upload.content_type,
            CacheControl=upload.cache,
        )
    paths = [f"/{upload.key}" for upload in found if upload.late]
    cloudfront.create_invalidation(
        DistributionId=distribution,
        InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": reference},
    )


def _outputs(stage: Stage, stack: str, region: str) -> dict[str, str]:
    described = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=f"{stage.prefix}-{stack}")
    return {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0]["Outputs"]}


def main(stage: Stage) -> None:
    """Publish to a stage with the credentials of the environment."""
    web, identity = _outputs(stage, "web", "us-east-1"), _outputs(stage, "identity", stage.region)
    pool = {
        "endpoint": f"https://cognito-idp.{stage.region}.amazonaws.com/",
        "clientId": identity["DashboardClientId"],
    }
    found = uploads(FRONTEND, {"cognito": pool, "demo": []})
    s3, cloudfront = boto3.client("s3", region_name="us-east-1"), boto3.client("cloudfront")
    publish(s3, cloudfront, web["SiteBucket"], web["DistributionId"], found, str(uuid.uuid4()))
    print(f"{len(found)} files published to {stage.public_base_url}")


if __name__ == "__main__":
    main(read_stage(sys.argv[1]))
