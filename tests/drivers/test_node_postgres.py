"""node-postgres, run by node. The package is installed once, outside the checkout."""

import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def test_node_postgres(database):
    cache = pathlib.Path(os.environ.get("HOLDFAST_CACHE", pathlib.Path.home() / ".cache/holdfast")) / "node-postgres"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "package.json", cache)
    if not (cache / "node_modules/pg").is_dir():
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=cache, check=True, timeout=300)
    env = {**os.environ, "NODE_PATH": str(cache / "node_modules")}
    done = subprocess.run(["node", str(HERE / "node_postgres.js"), database], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "node-postgres: ok\n"
