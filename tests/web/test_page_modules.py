"""The page's modules without a document, run by node's own test runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "src" / "chatroom" / "web" / "static"
TESTS = Path(__file__).parent / "page"
VECTORS = Path(__file__).parents[1] / "irc_vectors.json"


@pytest.mark.needs("node")
@pytest.mark.parametrize("name", sorted(path.name for path in TESTS.glob("*.test.mjs")))
def test_the_modules_of_the_page(name: str, tmp_path: Path) -> None:
    """They are laid where node takes them for modules: browsers need no `package.json`."""
    shutil.copytree(STATIC, tmp_path / "static")
    shutil.copy(VECTORS, tmp_path)
    shutil.copy(TESTS / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NODE")}
    done = subprocess.run(
        ["node", "--test", name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
