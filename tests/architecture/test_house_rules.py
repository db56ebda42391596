"""Rules of the house that no linter knows: sizes, names of rooms, and who may read the environment."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("infra", "functions", "media_tier", "shared")
SOURCES = [
    path
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if "node_modules" not in path.relative_to(ROOT).parts
]
TOP_LEVEL = {
    "infra",
    "functions",
    "media_tier",
    "shared",
    "frontend",
    "tests",
    "cdk.json",
    "pyproject.toml",
    "README.md",
    "Makefile",
    "requirements.lock",
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "managers", "misc"}


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_the_top_level_is_as_agreed() -> None:
    top = {name.split("/", 1)[0] for name in _tracked()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_functions_and_classes_stay_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 500
    assert path.stem not in FORBIDDEN_NAMES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= 60, f"{node.name} has {length} lines"
        elif isinstance(node, ast.ClassDef):
            methods = sum(isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) for child in node.body)
            assert methods <= 30, f"{node.name} has {methods} methods"


def test_only_composition_roots_read_the_environment() -> None:
    allowed = re.compile(r"(wiring|__main__|openapi)\.py$|/wiring/|^infra/")
    readers = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "os.environ" in path.read_text() and not allowed.search(str(path.relative_to(ROOT)))
    ]
    assert readers == []


def test_tables_are_touched_in_the_adapters_only() -> None:
    pattern = re.compile(r"boto3|aiobotocore|\bKey\(|KeyConditionExpression")
    allowed = re.compile(r"^(infra/|shared/adapters/aws/)|/wiring/|wiring\.py$")
    touched = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if pattern.search(path.read_text()) and not allowed.search(str(path.relative_to(ROOT)))
    ]
    assert touched == []


def test_no_machine_path_or_registry_host_is_committed() -> None:
    forbidden = re.compile(r"(?<![\w.])/(?:work|root)/|pythonhosted|registry\.npmjs|pypi\.org")
    found = []
    for name in _tracked():
        path = ROOT / name
        if path == Path(__file__) or not path.is_file() or path.suffix in {".png", ".wav", ".ico", ".woff2"}:
            continue
        if forbidden.search(path.read_text(errors="replace")):
            found.append(name)
    assert found == []
