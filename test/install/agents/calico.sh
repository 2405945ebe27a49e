#!/bin/sh
# install-cni of Calico: replaces plugins that differ by .tmp and a rename, and rewrites the list in place, in two writes.
# calico.sh CONF_DIR BIN_DIR PLUGIN
for name in bridge portmap; do
  cmp -s "$3" "$2/$name" || { cp "$3" "$2/$name.tmp" && chmod 755 "$2/$name.tmp" && mv "$2/$name.tmp" "$2/$name"; }
done
list=$1/10-pods.conflist
printf '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge","ip' >"$list"
sleep 0.5
printf 'am":{"type":"host-local"}},{"type":"portmap"}]}' >>"$list"
