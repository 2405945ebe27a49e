#!/bin/sh
# Fetches the container runtimes and CNI plugins that cnitap is tested with, besides those of this Debian release, into
# build/runtimes/NAME, as scripts/fetch/runtimes.lock pins them. They are unpacked there and never installed.
#   scripts/fetch/fetch-runtimes.sh         fetch what is missing
#   scripts/fetch/fetch-runtimes.sh --pin   pin what the suites have now
# They are only tested with, so a suite that has moved on does not fail the tests: its present version, which the signed
# index of the suite vouches for, is fetched instead and reported.
set -eu
cd "$(dirname "$0")/../.."
. scripts/fetch/debian-archive.sh
lock=scripts/fetch/runtimes.lock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  if [ "${1:-}" = --pin ]; then
    pin
    return
  fi
  for name in $(sed -n 's/^\([^# ]*\) .*/\1/p' "$lock" | uniq); do
    grep "^$name " "$lock" >"$work/pins"
    cmp -s "$work/pins" "build/runtimes/$name/pins" || fetch
  done
}

# The pins come last and the rename after them, so that a fetch that was interrupted is made again.
fetch() {
  rm -rf "build/runtimes/$name.new"
  mkdir -p "build/runtimes/$name.new"
  while read -r _ package suite architecture file sha256; do
    download || newer
    dpkg -x "$work/$package.deb" "build/runtimes/$name.new"
  done <"$work/pins"
  cp "$work/pins" "build/runtimes/$name.new/pins"
  rm -rf "build/runtimes/$name"
  mv "build/runtimes/$name.new" "build/runtimes/$name"
}

newer() {
  cp "$work/log" "$work/download.log"
  if ! index || [ "$candidate" = "$file" ]; then
    cat "$work/download.log" "$work/log" >&2
    failed
  fi
  echo "cnitap: $suite no longer has ${file##*/}: the tests use ${candidate##*/} (pin it: scripts/fetch/fetch-runtimes.sh --pin)" >&2
  file=$candidate sha256=$candidate_sha256
  if ! download; then
    cat "$work/log" >&2
    failed
  fi
}

failed() {
  cat >&2 <<END
cnitap: cannot fetch ${file##*/} of Debian's $suite from $(archive), which the tests of $name need
Set DEBIAN_MIRROR to an archive that has it: Debian's snapshot archive, or a copy of yours.
END
  exit 1
}

pin() {
  sed -n '/^#/p' "$lock" >"$work/lock"
  grep '^[^#]' "$lock" >"$work/pins"
  while read -r name package suite architecture file sha256; do
    index || { cat "$work/log" >&2; failed; }
    echo "$name $package $suite $architecture $candidate $candidate_sha256" >>"$work/lock"
  done <"$work/pins"
  cp "$work/lock" "$lock"
  echo "cnitap: $lock pins what the suites have now; review it with git diff, run npm test, commit it" >&2
}

main "$@"
