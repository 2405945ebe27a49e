#!/bin/sh
# Opens the capture of examples/, in a fresh clone too: `npm run example`, `npm run example -- ls`.
set -eu
cd "$(dirname "$0")/../.."
[ -d node_modules ] || npm ci --no-audit --no-fund --loglevel=error >&2
[ -f dist/cnitap.js ] || npm run --silent build:cli
[ $# -gt 0 ] || set -- explain shop/web-2
exec node dist/cnitap.js "$@" --from examples/failed-pod.cnitap
