"""The layers functions share, laid out below `.build/layers` by uv: `python -m infra.package.layer dev` for Lambda,
`python -m infra.package.layer dev --here` for this machine, whose emulator runs the very archives.

Needs the package index the first time, never Docker. Synthesis takes empty layers unless a deployment is meant
(`require`), so that templates can be made anywhere.
"""

import compileall
import io
import py_compile
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.package.functions import BUILD, ROOT
from infra.stage import read_stage

HERE = Path(__file__).parent
LOCK = ROOT / "requirements.lock"
LAYERS = BUILD / "layers"
SHARED, SPEECH = "shared", "speech"
"""What all functions import, and what those import besides that have chatbots speak."""
ZIPPED_LIMIT = 60 * 1024 * 1024
UNZIPPED_LIMIT = 200 * 1024 * 1024
"""Of both layers; Lambda takes 250 MB with the function."""
PLATFORM = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.13")
NOT_NEEDED = ("bin", "**/__pycache__", "**/tests")


class LayerMissing(Exception):
    """A deployment was asked for, and the layers were not built."""


class LayerTooLarge(Exception):
    """A layer outgrew what a cold start bears."""


def requirements(name: str, *, simulation: bool) -> list[Path]:
    """The files that say what a layer holds."""
    simulated = [HERE / "speech_simulated.txt"] if simulation and name == SPEECH else []
    return [HERE / f"{name}.txt", *simulated]


def build(*, simulation: bool, here: bool, uv: Path = ROOT / ".tools" / "bin" / "uv") -> dict[str, int]:
    """Install the layers' packages; returns their zipped bytes. Raises CalledProcessError or LayerTooLarge."""
    shutil.rmtree(LAYERS, ignore_errors=True)
    for name in (SHARED, SPEECH):
        _install(uv, LAYERS / name / "python", requirements(name, simulation=simulation), here=here)
    known = {path.name for path in (LAYERS / SHARED / "python").iterdir()}
    for path in list((LAYERS / SPEECH / "python").iterdir()):
        if path.name in known:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    unzipped = sum(path.stat().st_size for path in LAYERS.rglob("*") if path.is_file())
    if unzipped > UNZIPPED_LIMIT:
        raise LayerTooLarge(f"{unzipped:,} bytes unzipped, {UNZIPPED_LIMIT:,} allowed")
    zipped = {name: zipped_bytes(LAYERS / name) for name in (SHARED, SPEECH)}
    for name, size in zipped.items():
        if size > ZIPPED_LIMIT:
            raise LayerTooLarge(f"{name}: {size:,} bytes zipped, {ZIPPED_LIMIT:,} allowed")
    return zipped


def _install(uv: Path, target: Path, files: list[Path], *, here: bool) -> None:
    asked = [argument for file in files for argument in ("--requirement", str(file))]
    platform = ("--python", sys.executable) if here else PLATFORM
    subprocess.run(
        [str(uv), "pip", "install", "--quiet", "--target", str(target), *platform, "--only-binary", ":all:",
         "--link-mode", "copy", "--constraint", str(LOCK), *asked],
        check=True,
    )  # fmt: skip
    for pattern in NOT_NEEDED:
        for path in list(target.glob(pattern)):
            shutil.rmtree(path, ignore_errors=True)
    # Lambda's disk is read-only: what is not compiled here is compiled at every cold start. Times of files do not
    # survive an archive, so they are not compared.
    compileall.compile_dir(
        target, quiet=2, stripdir=str(target), prependdir="/opt/python", workers=1,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )  # fmt: skip


def zipped_bytes(folder: Path) -> int:
    """What an archive of a folder comes to."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                written.write(path, path.relative_to(folder))
    return archive.tell()


def layer_folder(name: str, *, require: bool) -> Path:
    """The folder of a layer's content. Raises LayerMissing."""
    if require:
        if not (LAYERS / name / "python").is_dir():
            raise LayerMissing("run `make package` first")
        return LAYERS / name
    empty = BUILD / "empty-layers" / name
    (empty / "python").mkdir(parents=True, exist_ok=True)
    (empty / "python" / "README").write_text("Layers are built for deployments only.\n")
    return empty


if __name__ == "__main__":
    sizes = build(simulation=read_stage(sys.argv[1]).simulation, here="--here" in sys.argv[2:])
    print("; ".join(f"layer {name}: {size / 1e6:.1f} MB zipped" for name, size in sizes.items()))
