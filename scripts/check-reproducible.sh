#!/bin/sh
# Builds everything once more, in another directory and without a cached object, and compares all files of dist/. Takes
# the time that the engine takes to compile: one or two minutes.
set -eu
cd "$(dirname "$0")/.."
other=$(mktemp -d)
trap 'rm -rf "$other"' EXIT
copy="$other/a directory with another and longer name"
mkdir -p "$copy/build"

rm -rf dist
npm run --silent build
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy"
cp -r build/qjs-src build/musl-dev "$copy/build"
cp -r node_modules "$copy"
(cd "$copy" && npm run --silent build)
diff -r dist "$copy/dist"
echo "ok - two directories, one dist/: $(cat dist/* | sha256sum | cut -c 1-16)"
