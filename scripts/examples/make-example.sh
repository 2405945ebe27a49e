#!/bin/sh
# Records examples/failed-pod.cnitap again. A private containerd makes the pods, Debian's plugins their
# network, and the relay records them, all in namespaces of their own; the machine's name and directories are not seen.
set -eu
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ]; then
  echo "cnitap: a container runtime is started and pods are made, which only root may" >&2
  exit 4
fi
scripts/setup.sh demo
npm run --silent build
unshare --mount --uts --propagation private sh -euc '
  hostname worker-1
  mount -t tmpfs tmpfs /opt
  exec node --import tsx scripts/examples/make-example.ts'
exec node --import tsx scripts/examples/example-page.ts
