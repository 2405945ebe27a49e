#!/bin/sh
# Puts what the relay is compiled from into build/, exactly as scripts/fetch/engine.lock pins it: the sources of QuickJS-ng
# (Debian's qjs-src, which only the newer suite has), musl for arm64 (Debian's musl-dev of the other architecture), and
# zlib's, for the node executable (its own archive of sources, as Debian keeps it).
#   scripts/fetch/fetch-engine.sh         fetch what is missing, verify what is there
#   scripts/fetch/fetch-engine.sh --pin   pin what the suites have now
# DEBIAN_MIRROR=URL names a Debian archive that still has a pinned file (file:///DIR works: a copy of your own).
# QUICKJS_NG=DIR names another QuickJS-ng source tree; one that is not the pinned one is used, and reported.
# docs/decisions/0008-pinned-engine-and-reproducible-build.md has the reasons.
set -eu
cd "$(dirname "$0")/../.."
. scripts/fetch/debian-archive.sh
lock=scripts/fetch/engine.lock
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  mkdir -p build
  if [ "${1:-}" = --pin ]; then
    pin
    return
  fi
  while read -r package suite architecture file sha256 tree; do
    case $package in '#'* | '') continue ;; esac
    if [ "$package" = qjs-src ] && [ -n "${QUICKJS_NG:-}" ]; then
      [ "$(tree_of qjs-src "$QUICKJS_NG")" = "$tree" ] ||
        echo "cnitap: QUICKJS_NG=$QUICKJS_NG is not the pinned engine (${file##*/}): this relay is not the released one" >&2
      continue
    fi
    [ -d "build/$package" ] || fetch
    verify
  done <"$lock"
}

# Hash of the files that are compiled or linked, by name and content.
tree_of() {
  case $1 in
    qjs-src) set -- "$2" . -maxdepth 1 -name '*.h' -o -maxdepth 1 \
      \( -name quickjs.c -o -name dtoa.c -o -name libunicode.c -o -name libregexp.c -o -name quickjs-libc.c -o -name qjsc.c \) ;;
    musl-dev) set -- "$2" include lib -type f ;;
    zlib) set -- "$2" . -maxdepth 1 -name '*.[ch]' ;;
  esac
  (cd "$1" && shift && find "$@" | LC_ALL=C sort | xargs sha256sum) | sha256sum | cut -d ' ' -f 1
}

place_of() {
  case $1 in
    qjs-src) echo build/qjs-src/usr/src/quickjs-ng ;;
    musl-dev) echo build/musl-dev/usr ;;
    zlib) echo build/zlib ;;
  esac
}

fetch() {
  if ! download; then
    cat "$work/log" >&2
    moved "cannot fetch ${file##*/} from $(archive)"
  fi
  unpack
}

unpack() {
  rm -rf "build/$package.new"
  mkdir "build/$package.new"
  case $file in
    *.tar.gz) tar -xzf "$work/$package.deb" -C "build/$package.new" --strip-components=1 --no-same-owner ;;
    *) dpkg -x "$work/$package.deb" "build/$package.new" ;;
  esac
  rm -rf "build/$package"
  mv "build/$package.new" "build/$package"
}

verify() {
  found=$(tree_of "$package" "$(place_of "$package")")
  [ "$found" = "$tree" ] && return
  echo "cnitap: build/$package is not ${file##*/}, which $lock pins" >&2
  echo "  expected  $tree" >&2
  echo "  found     $found" >&2
  echo "Remove build/$package to have it fetched again." >&2
  exit 1
}

# The archive keeps a file only while a suite has it. A new version is never taken silently.
moved() {
  echo "cnitap: $1" >&2
  echo "  pinned    ${file##*/}, SHA-256 $sha256" >&2
  if [ -z "${DEBIAN_MIRROR:-}" ] && index; then
    echo "  the suite ${suite} has ${candidate##*/}, SHA-256 $candidate_sha256" >&2
  fi
  cat >&2 <<END
Either
  - set DEBIAN_MIRROR to an archive that still has $file: Debian's snapshot archive, or a copy of yours, or
  - set QUICKJS_NG to a source tree of the same QuickJS-ng, if it is qjs-src that cannot be had, or
  - move to the version of $suite: scripts/fetch/fetch-engine.sh --pin, then npm test, and commit $lock.
END
  exit 1
}

pin() {
  sed -n '/^#/p' "$lock" >"$work/lock"
  while read -r package suite architecture file sha256 tree; do
    case $package in '#'* | '') continue ;; esac
    # Sources are not in the index of packages: their line is changed by hand.
    if [ "$architecture" = source ]; then
      echo "$package $suite $architecture $file $sha256 $tree" >>"$work/lock"
      continue
    fi
    index || { cat "$work/log" >&2; echo "cnitap: cannot read what $suite has of $package" >&2; exit 1; }
    file=$candidate sha256=$candidate_sha256
    fetch
    echo "$package $suite $architecture $file $sha256 $(tree_of "$package" "$(place_of "$package")")" >>"$work/lock"
  done <"$lock"
  cp "$work/lock" "$lock"
  echo "cnitap: $lock pins what the suites have now; review it with git diff, run npm test, commit it" >&2
}

main "$@"
