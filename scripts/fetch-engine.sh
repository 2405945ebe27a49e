#!/bin/sh
# Puts what the relay is compiled from into build/: the sources of QuickJS-ng (Debian's qjs-src, which only the newer
# suite has) and musl for arm64 (Debian's musl-dev of the other architecture). The machine's own apt configuration and
# its mirror are used with private lists, so nothing of the system changes. QUICKJS_NG names another source tree.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build

mirror() {
  { sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null
    sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null
  } | grep -m1 '/debian/*$'
}

# fetch NAME ARCHITECTURE SUITE: downloads and unpacks one Debian package below build/NAME
fetch() {
  echo "cnitap: fetching $1 ($2, $3)" >&2
  work=$(mktemp -d)
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/out"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $3 main" >"$work/sources.list"
  set -- "$1" -o APT::Architecture="$2" -o APT::Architectures="$2" -o Dir::Etc::sourcelist="$work/sources.list" \
    -o Dir::Etc::sourceparts=- -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root
  package=$1
  shift
  if ! { apt-get "$@" -qq update && cd "$work/out" && apt-get "$@" -qq download "$package"; } >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "cnitap: cannot fetch the Debian package $package; QUICKJS_NG=DIR names a QuickJS-ng source tree instead" >&2
    exit 1
  fi
  cd "$OLDPWD"
  mkdir -p "build/$package.new"
  dpkg -x "$work"/out/*.deb "build/$package.new"
  rm -rf "build/$package" "$work"
  mv "build/$package.new" "build/$package"
}

[ -n "${QUICKJS_NG:-}" ] || [ -d build/qjs-src ] || fetch qjs-src amd64 trixie-backports
[ -d build/musl-dev ] || fetch musl-dev arm64 bookworm
