"""The one layer all functions share: `python -m infra.package.layer` lays it out in `.build/layer`, by uv, for arm64.

Needs the package index the first time, never Docker. Synthesis takes the folder as it is; without one it takes an empty
layer unless a deployment is meant (`require`), so that templates can be made anywhere.
"""

import shutil
import subprocess
from pathlib import Path

from infra.package.functions import BUILD, ROOT

REQUIREMENTS = Path(__file__).with_name("layer.txt")
LOCK = ROOT / "requirements.lock"
LAYER = BUILD / "layer"
UNZIPPED_LIMIT = 160 * 1024 * 1024
"""Lambda takes 250 MB with the function; what is imported cold should be far less."""
PLATFORM = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")
NOT_NEEDED = ("bin", "**/__pycache__", "**/tests")


class LayerMissing(Exception):
    """A deployment was asked for, and the layer was not built."""


class LayerTooLarge(Exception):
    """The layer outgrew what a cold start bears."""


def build(uv: Path = ROOT / ".tools" / "bin" / "uv") -> int:
    """Install the layer's packages; returns their bytes. Raises CalledProcessError or LayerTooLarge."""
    target = LAYER / "python"
    shutil.rmtree(LAYER, ignore_errors=True)
    subprocess.run(
        [str(uv), "pip", "install", "--quiet", "--target", str(target), *PLATFORM, "--only-binary", ":all:",
         "--link-mode", "copy", "--constraint", str(LOCK), "--requirement", str(REQUIREMENTS)],
        check=True,
    )  # fmt: skip
    for pattern in NOT_NEEDED:
        for path in list(target.glob(pattern)):
            shutil.rmtree(path, ignore_errors=True)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    if size > UNZIPPED_LIMIT:
        raise LayerTooLarge(f"{size:,} bytes, {UNZIPPED_LIMIT:,} allowed")
    return size


def layer_folder(*, require: bool) -> Path:
    """The folder of the layer's content. Raises LayerMissing."""
    if (LAYER / "python").is_dir():
        return LAYER
    if require:
        raise LayerMissing("run `make package` first")
    empty = BUILD / "empty-layer"
    (empty / "python").mkdir(parents=True, exist_ok=True)
    (empty / "python" / "README").write_text("The layer was not built when this template was made.\n")
    return empty


if __name__ == "__main__":
    print(f"layer: {build() / 1e6:.0f} MB unzipped")
