#!/bin/sh
# The main job on a real container runtime, start to end: `npm run demo`.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "cnitap: the demo starts a container runtime and makes pods, which only root may; run it as root: sudo npm run demo" >&2
  exit 4
fi
scripts/setup.sh demo
npm run --silent build
exec node --import tsx scripts/demo.ts
