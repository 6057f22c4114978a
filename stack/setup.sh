#!/bin/sh
# Install everything into .local, once for each state of requirements-dev.txt and pyproject.toml, and write .local/env.
# Needs Python 3.11 or newer; asks nothing, installs nothing outside of .local.
set -eu
cd "$(dirname "$0")/.."
umask 022

fail() { echo "setup: $*" >&2; exit 1; }

python=""
for candidate in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.11"

# The environment holds absolute paths, so a moved or copied checkout gets a new one.
state=$({ cat requirements-dev.txt pyproject.toml stack/setup.sh; pwd -P; "$python" --version; } | cksum)
if [ "$(cat .local/installed 2>/dev/null)" != "$state" ] || ! .local/venv/bin/python -c 'import sys, importlib.util as u; sys.exit(not u.find_spec("airflow"))' 2>/dev/null; then
    echo "setup: installing into .local (the first time takes a minute or two)"
    mkdir -p .local
    rm -rf .local/venv .local/installed
    uv_version=$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements-dev.txt)
    if "$python" -m venv .local/venv >/dev/null 2>&1; then
        .local/venv/bin/python -m pip install -qq --disable-pip-version-check "$uv_version" || true
    else
        # A Python without ensurepip (Debian splits it off) may still have pip, and uv makes environments by itself.
        rm -rf .local/venv
        "$python" -m pip install -qq --disable-pip-version-check --target .local/bootstrap "$uv_version" ||
            fail "$python can make no environments: install its venv module (Debian: python3-venv)"
        .local/bootstrap/bin/uv venv --quiet --seed --python "$python" .local/venv
    fi
    uv=.local/venv/bin/uv
    [ -x "$uv" ] || uv=.local/bootstrap/bin/uv
    # uv takes seconds where pip takes minutes; pip knows settings (mirrors, certificates) that uv may not.
    if ! { [ -x "$uv" ] && "$uv" pip sync --quiet --require-hashes --python .local/venv/bin/python requirements-dev.txt; }; then
        .local/venv/bin/python -m ensurepip >/dev/null 2>&1 || true
        .local/venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes \
            -r requirements-dev.txt
    fi
    if [ -x .local/venv/bin/uv ]; then
        .local/venv/bin/uv pip install --quiet --no-deps --no-build-isolation --python .local/venv/bin/python -e .
    else
        .local/venv/bin/python -m pip install -qq --no-deps --no-build-isolation -e .
    fi
    rm -rf .local/bootstrap
    echo "$state" > .local/installed
fi
exec .local/venv/bin/python -m stack.environment
