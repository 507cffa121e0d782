#!/usr/bin/env bash
# Builds an image where no container engine runs: a Debian base of its own, then the Dockerfile on it with
# buildah, in a chroot. Needs root on Debian or Ubuntu. Everything stays under build/image.
# Usage: deploy/image/build.sh NAME DOCKERFILE LOCK        LOCK is that of the packages inside
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1 dockerfile=$2 lock=$3
work=$PWD/build/image
mkdir -p "$work"
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

if [ "$(id -u)" != 0 ]; then
    echo "Building in a chroot needs root: run it with sudo." >&2
    exit 1
fi
if ! command -v buildah >/dev/null || ! command -v debootstrap >/dev/null; then
    echo "Installing buildah and debootstrap …"
    apt-get update -qq
    apt-get install -y -qq buildah debootstrap >"$work/apt.log"
fi

if [ ! -e "$work/base.done" ]; then
    echo "Making a base: Debian bookworm with Python 3.11 (once) …"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1)
    rm -rf "$work/base"
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates \
        bookworm "$work/base" "$mirror" >"$work/debootstrap.log"
    chroot "$work/base" useradd --uid 1000 --user-group --no-create-home airbyte
    rm -rf "$work"/base/var/cache/apt/archives/*.deb "$work"/base/var/lib/apt/lists/* "$work"/base/etc/apt/sources.list
    container=$(buildah from scratch)
    buildah copy --quiet "$container" "$work/base" / >/dev/null
    buildah commit --quiet --rm "$container" localhost/python-base >/dev/null
    rm -rf "$work/base"
    touch "$work/base.done"
fi

# The packages come through this machine's own pip and its settings, none of which enter the image.
echo "Collecting the packages …"
.venv/bin/python -m pip download --quiet --quiet --disable-pip-version-check --no-deps --require-hashes \
    --only-binary :all: --dest "$work/wheels" --requirement "$lock" --requirement deploy/image/build.lock

ignored=$dockerfile.dockerignore
[ -e "$ignored" ] || ignored=.dockerignore
echo "Building $name …"
buildah bud --isolation chroot --layers=false --volume "$work/wheels:/wheels:ro" \
    --build-arg BASE=localhost/python-base --build-arg PIP_OPTIONS="--no-index --find-links=/wheels" \
    --file "$dockerfile" --ignorefile "$ignored" --tag "$name" . >"$work/build.log"
