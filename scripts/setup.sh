#!/bin/sh
# Installs what is missing: npm packages, Debian packages, the engine's sources and, for tests, other versions of Node.js
# and of container runtimes. Says what it does, and is silent when there is nothing to do. `setup.sh relay`: what building
# needs; `setup.sh demo`: a container runtime too; `setup.sh bench`: what reading is compared with.
set -eu
cd "$(dirname "$0")/.."

if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 15) ? 0 : 1)'; then
  echo "cnitap: Node.js 20.15 or newer is needed, this is $(node --version); install a newer one first" >&2
  exit 1
fi

missing=""
need() { dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii' || missing="$missing $1"; }

need musl-tools
need gcc
need libc6-dev
need gcc-aarch64-linux-gnu
need qemu-user
need clang-14
case "${1:-all}" in
  relay) wanted="" ;;
  bench) wanted="jq ripgrep" ;;
  demo) wanted="containerd runc containernetworking-plugins iproute2 iptables kmod" ;;
  *) wanted="containerd runc containernetworking-plugins iproute2 iptables kmod chromium fonts-dejavu-core tmux zsh fish man-db less jq python3 openssl procps xz-utils" ;;
esac
for package in $wanted; do need "$package"; done
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ]; then
    echo "cnitap: these Debian packages are missing and only root can install them:$missing" >&2
    exit 1
  fi
  echo "cnitap: installing Debian packages:$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  install_missing() { apt-get update && apt-get install -y --no-install-recommends $missing; }
  # An archive may fail to answer once.
  if ! { install_missing || install_missing; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
  rm -f "$log"
fi
if [ ! -d node_modules/esbuild ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "cnitap: installing npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
fi
scripts/fetch/fetch-engine.sh
if [ "${1:-all}" = all ]; then
  scripts/fetch/fetch-node.sh
  scripts/fetch/fetch-runtimes.sh
fi
