#!/bin/sh
# The agent with cni.exclusive: any other configuration is renamed, its own is written anew whenever it differs.
# cilium-exclusive.sh CONF_DIR
cd "$1"
own='{"cniVersion":"0.3.1","name":"cilium","plugins":[{"type":"cilium-cni","chaining-mode":"none"}]}'
while :; do
  for file in *.conf *.conflist *.json; do
    [ -e "$file" ] && [ "$file" != 05-cilium.conflist ] && mv "$file" "$file.cilium_bak"
  done
  if [ "$(cat 05-cilium.conflist 2>/dev/null)" != "$own" ]; then
    printf %s "$own" >.05-cilium.tmp && mv .05-cilium.tmp 05-cilium.conflist
    echo reverted
  fi
  sleep 0.05
done
