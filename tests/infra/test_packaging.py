"""What archives and layers hold: enough to start, nothing that is not needed, and little of it."""

import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.package import functions
from infra.package.functions import foreign_packages, own_modules, package_function
from infra.package.layer import SHARED, SPEECH, UNZIPPED_LIMIT, ZIPPED_LIMIT, requirements, zipped_bytes
from tests.infra.test_environments import FUNCTIONS

SPEAKING = {"admin-api", "render-prompts"}
SIMULATED_ONLY = {"espeakng_loader", "numpy", "soxr"}
"""Loaded where stages simulate; see functions.speech.speakers."""


def _asked(name: str, *, simulation: bool = False) -> set[str]:
    lines = [line for file in requirements(name, simulation=simulation) for line in file.read_text().splitlines()]
    return {line for line in lines if line and not line.startswith("#")}


@cache
def _closure(asked: frozenset[str]) -> frozenset[str]:
    """Everything these requirements install here, as canonical names."""
    found: set[str] = set()
    waiting = [Requirement(line) for line in asked]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another platform or version of Python
        if name in found and not wanted.extras:
            continue
        found.add(name)
        for line in needed:
            requirement = Requirement(line)
            extras = wanted.extras or {""}
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(requirement)
    return frozenset(found)


@cache
def _by_import() -> Mapping[str, list[str]]:
    return packages_distributions()


def _bytes(made: Distribution) -> int:
    return sum(file.size or 0 for file in made.files or [] if "__pycache__" not in str(file))


@pytest.mark.parametrize(("name", "module"), FUNCTIONS.items())
def test_every_package_a_function_imports_is_in_its_layers(name: str, module: str) -> None:
    layers = _closure(frozenset(_asked(SHARED)))
    if name in SPEAKING:
        layers |= _closure(frozenset(_asked(SPEECH)))
    by_import = _by_import()
    for package in foreign_packages(module) - set(sys.stdlib_module_names) - SIMULATED_ONLY:
        owners = {canonicalize_name(owner) for owner in by_import.get(package, [])}
        assert owners & layers, f"{name} imports {package}"


def test_the_simulated_voice_is_deployed_where_stages_simulate_only() -> None:
    assert not SIMULATED_ONLY & {line.replace("-", "_") for line in _asked(SHARED) | _asked(SPEECH)}
    simulated = {line.replace("-", "_") for line in _asked(SPEECH, simulation=True)}
    assert simulated >= SIMULATED_ONLY


def test_layers_stay_small() -> None:
    """By what is installed here; `make package` measures the very archives."""
    everything = _closure(frozenset(_asked(SHARED) | _asked(SPEECH)))
    assert sum(_bytes(distribution(name)) for name in everything) < UNZIPPED_LIMIT
    assert ZIPPED_LIMIT == 60 * 1024 * 1024


@pytest.mark.parametrize("module", ["functions.admin_api.handler", "functions.workflows.summarise_call"])
def test_an_archive_is_our_own_modules_and_thin(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions, "BUILD", tmp_path)
    folder = package_function(module)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*.py")}
    assert module.replace(".", "/") + ".py" in names
    assert len(names) == len(own_modules(module))
    assert not [name for name in names if re.match(r"(media_tier|infra|tests)/", name)]
    assert zipped_bytes(folder) < 1024 * 1024
