#!/bin/sh
# The main use case on a real container runtime, from start to end: `npm run demo`.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "cnitap: permission denied: the demo starts a container runtime and creates pods (run it as root: sudo npm run demo)" >&2
  exit 4
fi
scripts/setup.sh demo
npm run --silent build
exec node --import tsx scripts/demo.ts
