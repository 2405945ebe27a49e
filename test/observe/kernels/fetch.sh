#!/bin/sh
# Fetches Debian's kernels, QEMU and a static busybox for each machine, and prints the directory. Nothing is installed; what is
# there is used as it is. The first time it downloads about 450 MB. DEBIAN_MIRROR names another archive.
set -eu
. "$(dirname "$0")/../../../scripts/fetch/debian-archive.sh"
# Of another name whenever this script puts more into it.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cnitap/kernels-1
work=$cache/work
release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)

main() {
  mkdir -p "$cache"
  exec 8>"$cache/.lock"
  flock 8
  [ -d "$cache/qemu" ] || qemu
  for machine in amd64 arm64; do [ -e "$cache/busybox-$machine" ] || busybox; done
  kernel bullseye 5.10 amd64
  kernel bookworm 6.1 amd64
  kernel trixie 6.12 amd64
  kernel sid newest amd64
  kernel bookworm 6.1 arm64
  kernel trixie 6.12 arm64
  rm -rf "$work"
  echo "$cache"
}

# With the libraries that this machine does not have.
qemu() {
  rm -rf "$cache/qemu.new"
  mkdir -p "$cache/qemu.new" "$work/debs"
  lists "$release" amd64
  (cd "$work/debs" && from "$release" amd64 -qq --print-uris --no-install-recommends install qemu-system-x86 qemu-system-arm) |
    sed "s/^'\([^']*\)' \([^ ]*\) .*/\1 \2/" >"$work/uris"
  while read -r uri name; do
    twice /usr/lib/apt/apt-helper -o APT::Sandbox::User=root download-file "$uri" "$work/debs/$name" >"$work/log"
    dpkg -x "$work/debs/$name" "$cache/qemu.new"
  done <"$work/uris"
  mv "$cache/qemu.new" "$cache/qemu"
}

busybox() {
  lists "$release" "$machine"
  package "$release" "$machine" busybox-static
  member ./bin/busybox "$cache/busybox-$machine"
  chmod 755 "$cache/busybox-$machine"
}

# (suite, name, machine): the kernel that the suite has now.
kernel() {
  [ -e "$cache/linux-$2-$3" ] && return
  lists "$1" "$3"
  found=$(from "$1" "$3" show "linux-image-$3" | sed -n 's/^Depends:.*linux-image-\([0-9][^ ,]*\).*/\1/p;T;q')
  # Newer suites have the kernel itself in a package of its own.
  image=linux-binary-$found
  from "$1" "$3" show "$image" >/dev/null 2>&1 || image=linux-image-$found
  package "$1" "$3" "$image"
  member '*/vmlinuz*' "$cache/linux-$2-$3"
}

lists() {
  mkdir -p "$work/$1-$2/lists/partial" "$work/$1-$2/cache/archives/partial"
  [ ! -e "$work/$1-$2/updated" ] || return 0
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(archive) $1 main" >"$work/$1-$2/sources.list"
  twice from "$1" "$2" -qq -o APT::Update::Error-Mode=any update >&2
  : >"$work/$1-$2/updated"
}

# (suite, machine, ...): apt-get or, for `show`, apt-cache, with lists of our own.
from() {
  lists=$work/$1-$2
  machine_options="-o APT::Architecture=$2 -o APT::Architectures=$2"
  shift 2
  case $1 in show) program=apt-cache ;; *) program=apt-get ;; esac
  $program $machine_options -o Dir::State::Lists="$lists/lists" -o Dir::Cache="$lists/cache" \
    -o Dir::Etc::sourcelist="$lists/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User=root "$@"
}

# Downloads a package to $work/NAME.deb.
package() {
  package=$3
  from "$1" "$2" show "$3" >"$work/shown"
  file=$(sed -n 's/^Filename: //p;T;q' "$work/shown")
  sha256=$(sed -n 's/^SHA256: //p;T;q' "$work/shown")
  download || { cat "$work/log" >&2; exit 1; }
}

# (pattern, output): the one file of the package that matches.
member() {
  dpkg --fsys-tarfile "$work/$package.deb" | tar -xO --wildcards "$1" >"$2.new"
  [ -s "$2.new" ] || { echo "cnitap: $package has no $1" >&2; exit 1; }
  rm "$work/$package.deb"
  mv "$2.new" "$2"
}

main
