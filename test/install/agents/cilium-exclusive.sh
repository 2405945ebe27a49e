#!/bin/sh
# One round of the agent with cni.exclusive: it renames any other configuration and rewrites its own if that differs.
# cilium-exclusive.sh CONF_DIR
cd "$1"
own='{"cniVersion":"0.3.1","name":"cilium","plugins":[{"type":"cilium-cni","chaining-mode":"none"}]}'
for file in *.conf *.conflist *.json; do
  [ -e "$file" ] && [ "$file" != 05-cilium.conflist ] && mv "$file" "$file.cilium_bak"
done
if [ "$(cat 05-cilium.conflist 2>/dev/null)" != "$own" ]; then
  printf %s "$own" >.05-cilium.tmp && mv .05-cilium.tmp 05-cilium.conflist
  echo reverted
fi
