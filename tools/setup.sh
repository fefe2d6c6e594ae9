#!/bin/sh
# Installs what archiver needs: system packages, a virtual environment, pinned Python packages.
#   tools/setup.sh run    what the product needs
#   tools/setup.sh test   what its tests need as well
# Running it again costs a moment when nothing has changed.
set -eu
cd "$(dirname "$0")/.."
goal=${1:-run}

packages="python3-venv tesseract-ocr tesseract-ocr-deu tesseract-ocr-script-latn \
poppler-utils ghostscript bubblewrap libseccomp2 tzdata"
lock=requirements.lock
if [ "$goal" = test ]; then
    packages="$packages strace unzip fonts-dejavu-core fonts-liberation"
    lock=requirements-dev.lock
fi

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $packages; do
        installed "$package" || missing="$missing $package"
    done
else
    for program in tesseract pdftoppm bwrap; do
        command -v "$program" >/dev/null 2>&1 || missing="$packages"
    done
fi
# A Python that was not installed by the system brings its own venv module.
if [ "$missing" = " python3-venv" ] && python3 -c 'import ensurepip' 2>/dev/null; then missing=; fi

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This system has no apt-get. Please install what these Debian packages hold:" >&2
        echo " $missing" >&2
        exit 1
    fi
    sudo=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "Please run as root: apt-get install$missing" >&2
            exit 1
        }
        sudo=sudo
    fi
    echo "Installing system packages:$missing"
    $sudo apt-get update -q
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends $missing
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "archiver needs Python 3.11 or newer; this is $(python3 --version)." >&2
    exit 1
}
[ -x .venv/bin/python ] || python3 -m venv .venv

stamp=.venv/ready-$goal
wanted=$(cat requirements-build.lock "$lock" pyproject.toml tools/setup.sh | sha256sum)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    echo "Installing Python packages ($lock)"
    # The locks are complete, so no resolver looks at what has been published since; pins.py
    # stands in its place. What comes as sources is built with the pinned tools.
    pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install -q --no-deps"
    $pip --require-hashes -r requirements-build.lock
    $pip --require-hashes --no-build-isolation --use-pep517 -r "$lock"
    $pip --no-build-isolation --config-settings editable_mode=compat -e .
    .venv/bin/python tools/pins.py "$lock"
    .venv/bin/python -m compileall -q archiver
    echo "$wanted" > "$stamp"
fi
