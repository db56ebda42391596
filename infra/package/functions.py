"""What a function's archive holds and reads: its module and those of our modules it imports, nothing else.

The archive is copied at synthesis and needs neither network nor Docker; what others wrote is in the layer.
"""

import ast
import py_compile
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import grimp
from pydantic import BaseModel

from shared.contracts import environment

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".build"
OWN = ("functions", "shared")


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(*OWN, include_external_packages=True, cache_dir=None)


def own_modules(module: str) -> frozenset[str]:
    """The module and every module of ours that it imports, directly or not, with the packages they are in."""
    graph = _graph()
    found = {module} | graph.find_upstream_modules(module)
    mine = {name for name in found if name.split(".")[0] in OWN}
    return frozenset(mine | {parent for name in mine for parent in _parents(name)})


def foreign_packages(module: str) -> frozenset[str]:
    """The top-level names that others wrote among what the module imports; the standard library's are among them."""
    return frozenset(name for name in _graph().find_upstream_modules(module) if name.split(".")[0] not in OWN)


@cache
def environments_read(module: str) -> tuple[type[BaseModel], ...]:
    """The models of its environment that the module reads, itself or through what it imports, by name."""
    names = {
        node.func.value.id
        for name in own_modules(module)
        for node in ast.walk(ast.parse(_source(name).read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "read"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id.endswith("Environment")
    }
    return tuple(getattr(environment, name) for name in sorted(names))


def package_function(module: str, extra: Mapping[str, Path] | None = None) -> Path:
    """Lay out a function's archive below `.build/functions` and return its folder.

    `extra` are other files by their place in the archive; one that does not exist is left out.
    """
    folder = BUILD / "functions" / module
    shutil.rmtree(folder, ignore_errors=True)
    for name in sorted(own_modules(module)):
        source = _source(name)
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        compiled = target.parent / "__pycache__" / f"{target.stem}.cpython-313.pyc"
        compiled.parent.mkdir(exist_ok=True)
        shutil.copyfile(_compiled(name), compiled)
    for place, source in (extra or {}).items():
        if source.is_file():
            shutil.copyfile(source, folder / place)
    return folder


@cache
def _compiled(name: str) -> Path:
    """A module's byte code, as Lambda's Python takes it without looking at the source."""
    source, target = _source(name), BUILD / "compiled" / f"{name}.pyc"
    py_compile.compile(
        str(source),
        str(target),
        dfile=f"/var/task/{source.relative_to(ROOT)}",
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    return target


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _source(name: str) -> Path:
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
