# Sourced by the scripts that fetch packages of a Debian archive. They set work (a temporary directory) and, for one
# package, package, suite, architecture, file (its path in the archive) and sha256.
# DEBIAN_MIRROR=URL names another archive than the machine's own (file:///DIR works: a copy of yours).

archive() {
  found=${DEBIAN_MIRROR:-$(mirror)}
  echo "${found%/}"
}

# An archive may fail to answer once.
twice() { "$@" || "$@"; }

# Downloads the file to $work/$package.deb. Fails with apt's messages in $work/log.
download() {
  echo "cnitap: fetching ${file##*/}" >&2
  twice /usr/lib/apt/apt-helper -o APT::Sandbox::User=root \
    download-file "$(archive)/$file" "$work/$package.deb" "SHA256:$sha256" >"$work/log" 2>&1
}

# Sets candidate and candidate_sha256 to what the suite has. The machine's own apt configuration and its mirror are used
# with private lists, so nothing of the system changes.
index() {
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(archive) $suite main" >"$work/sources.list"
  set -- -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Dir::State::Lists="$work/lists" \
    -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Cache="$work/cache" \
    -o APT::Sandbox::User=root
  twice apt-get "$@" -qq update >"$work/log" 2>&1 || return 1
  candidate=$(apt-cache "$@" show "$package" | sed -n 's/^Filename: //p;T;q')
  candidate_sha256=$(apt-cache "$@" show "$package" | sed -n 's/^SHA256: //p;T;q')
  [ -n "$candidate" ]
}

mirror() {
  { sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null
    sed -n 's/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null
  } | grep -m1 '/debian/*$'
}
