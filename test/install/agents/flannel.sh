#!/bin/sh
# install-cni-plugin of flannel: overwrites the existing file, also through symlinks.
# flannel.sh BIN_DIR PLUGIN
cp -f "$2" "$1/bridge"
