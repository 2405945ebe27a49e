#!/bin/bash
# Builds Kubernetes from Debian's source package (everything vendored) with the Go release that compiles it, and unpacks
# etcd, a busybox and a kubectl of today beside it. Nothing is installed. Prints the directory; a complete one is used as it is.
# The first time takes about seven minutes of two cores; the result is kept outside the checkout, by version.
set -euo pipefail
version=1.20.2
go=1.15
# Of another name whenever this script puts more into it.
complete=complete-2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cnitap/kubernetes-$version
if [ -e "$cache/$complete" ]; then echo "$cache"; exit 0; fi
mkdir -p "$cache"
exec 8>"$cache/.lock"; flock 8
if [ -e "$cache/$complete" ]; then echo "$cache"; exit 0; fi
. "$(dirname "$0")/../../../scripts/fetch/debian-archive.sh"
cd "$cache"
log=$cache/build.log

prepare() {
  mkdir -p dl src tools go apt/{bookworm,bullseye,trixie}/{lists/partial,cache/archives/partial}
  local archive key
  archive=$(archive)
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb-src [signed-by=$key] $archive bookworm main" > apt/bookworm/sources.list
  echo "deb [signed-by=$key] $archive bookworm main" >> apt/bookworm/sources.list
  echo "deb [signed-by=$key] $archive bullseye main" > apt/bullseye/sources.list
  echo "deb [signed-by=$key] $archive trixie main" > apt/trixie/sources.list
  local release
  for release in bookworm bullseye trixie; do from "$release" update; done
  (cd src && from bookworm source --download-only kubernetes && tar xzf *.orig.tar.gz && cd kubernetes-* && tar xJf ../*.debian.tar.xz)
  (cd dl && from bullseye download "golang-$go-go" "golang-$go-src")
  (cd dl && from bookworm download etcd-server busybox-static conntrack libnetfilter-conntrack3 libnfnetlink0 socat)
  (cd dl && from trixie download kubectl)
  for package in dl/golang*.deb; do dpkg -x "$package" go; done
  for package in dl/[!g]*.deb; do dpkg -x "$package" tools; done
}

# apt-get with one release of Debian and directories of our own.
from() {
  local release=$1; shift
  apt-get -q -o APT::Update::Error-Mode=any -o Dir::Etc::sourcelist="$cache/apt/$release/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::status=/dev/null \
    -o Dir::State::Lists="$cache/apt/$release/lists" -o Dir::Cache="$cache/apt/$release/cache" \
    -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}

build() {
  export GOROOT=$cache/go/usr/lib/go-$go GOCACHE=$cache/gocache GOPATH=$cache/gopath CGO_ENABLED=0 GOPROXY=off
  export PATH=$GOROOT/bin:$PATH
  mkdir -p bin
  cd "$cache"/src/kubernetes-*
  generate_openapi
  local set=k8s.io/component-base/version
  local flags="-s -w -X $set.gitVersion=v$version -X $set.gitMajor=1 -X $set.gitMinor=20 -X $set.gitTreeState=clean"
  flags="$flags -X k8s.io/client-go/pkg/version.gitVersion=v$version"
  GO111MODULE=on nice go build -mod=vendor -p 2 -ldflags "$flags" -o "$cache/bin/" \
    ./cmd/{kubelet,kube-apiserver,kube-controller-manager,kube-scheduler}
}

# The source package lacks pkg/generated/openapi; the API server does not compile without it.
generate_openapi() {
  export GO111MODULE=off
  mkdir -p "$GOPATH/src/k8s.io"
  ln -sfn "$PWD" "$GOPATH/src/k8s.io/kubernetes"
  cd "$GOPATH/src/k8s.io/kubernetes"
  go build -o "$cache/bin/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  local packages
  packages=$({
    cd vendor
    grep -rl --include=*.go '+k8s:openapi-gen=' $(ls -d k8s.io/*/) |
      grep -v -e '_test.go$' -e k8s.io/code-generator -e k8s.io/sample-apiserver -e /kube-openapi/ -e k8s.io/gengo |
      xargs -n1 dirname | sort -u | sed 's#^#k8s.io/kubernetes/vendor/#'
    cd ..
    grep -rl --include=*.go '+k8s:openapi-gen=' pkg | grep -v _test.go | xargs -r -n1 dirname | sort -u | sed 's#^#k8s.io/kubernetes/#'
  } | paste -sd,)
  nice "$cache/bin/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi \
    -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$cache/openapi-violations.txt"
}

# Twice, because an archive may fail to answer once; what is compiled already is not compiled again. In an `if` or before
# `||` the shell would ignore -e.
for attempt in 1 2; do
  set +e
  (set -e; prepare; build) >"$log" 2>&1
  status=$?
  set -e
  [ $status != 0 ] || break
  tail -20 "$log" >&2
  echo "building Kubernetes failed at attempt $attempt; see $log" >&2
done
[ $status = 0 ] || exit 1
# Only the programs are needed from now on.
rm -rf src go gocache gopath apt dl bin/openapi-gen
touch "$complete"
echo "$cache"
