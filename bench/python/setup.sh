#!/usr/bin/env bash
# Makes a virtual environment with the frameworks that the benchmark compares with: bench/python/setup.sh FOLDER
# Needs Python 3.11 or later (PYTHON names another than python3). PyPI's torch for x86-64 brings CUDA's libraries, several GB;
# where pip finds a CPU wheel of that version, by PIP_FIND_LINKS say, it takes that.
set -euo pipefail
folder=${1:?usage: bench/python/setup.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
[ -x "$folder/bin/python" ] || "${PYTHON:-python3}" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
"$folder/bin/python" - <<'PY'
import brainstate, braintools, jax, torch
print(f"jax {jax.__version__}, brainstate {brainstate.__version__}, braintools {braintools.__version__}, torch {torch.__version__}")
PY
