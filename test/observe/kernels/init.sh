#!/bin/busybox sh
# Process 1 of the guest. It prints sections, each behind a line `== NAME`, and ends the machine.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ CNI_COMMAND=ADD CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ulimit -c 0
chmod 1777 /tmp
head -c 65536 /dev/zero | tr '\0' x >/tmp/long
printf 'hello world' >/tmp/stdin

# Runs a plugin as a runtime does, with three pipes.
call() {
  export CNI_CONTAINERID=$1
  cat "${2:-/tmp/stdin}" | { { "/opt/cni/bin/$1"; echo $? >/tmp/code; } 2>&1 1>&3 | cat >/tmp/err; } 3>&1 | cat >/tmp/out
  echo "$1 $(cat /tmp/code) $(wc -c </tmp/out)"
}

# Waits until the observer says so, or has ended.
observing() {
  until grep -q observing /tmp/messages || ! kill -0 $1 2>/dev/null; do sleep 0.2; done
}

refused() {
  echo "== $1"
  shift
  "$@" 2>&1
  echo "exit $?"
  ls -d /tmp/refused 2>/dev/null
}

observe="/bin/cnitap observe --for 1s --capture /tmp/refused"
echo "== release"
uname -r
echo "== chosen"
cnitap plan --mode auto -o 'jsonpath={.mode} {.notObserved}{"\n"}'
bpf-programs
if grep -q confidentiality /proc/cmdline; then
  refused "locked down" $observe
  /bin/bpf-programs
else
  echo "== calls"
  cnitap observe --capture /tmp/capture >/tmp/listed 2>/tmp/messages &
  pid=$!
  observing $pid
  cat /tmp/messages
  for name in echo killed script vectors positioned interrupted twice duplicated sent spliced teed mapped ringed polled submitted; do call $name; done
  call long /tmp/long
  DOUBLE_DEPTH=2 call nested
  [ ! -e /opt/cni/bin/narrow ] || call narrow
  echo "== programs"
  bpf-programs
  kill -TERM $pid
  wait $pid
  echo "exit $?"
  bpf-programs
  echo "== messages"
  cat /tmp/messages
  echo "== listed"
  wc -l </tmp/listed
  cnitap ls --capture /tmp/capture -o name 2>/dev/null | wc -l
  echo "== capture"
  cat /tmp/capture/*
  echo "== killed"
  cnitap observe --capture /tmp/capture >/dev/null 2>/tmp/messages &
  pid=$!
  observing $pid
  kill -KILL $pid
  until [ "$(bpf-programs)" = 0 ]; do sleep 0.2; done
  bpf-programs
  refused "without rights" su -s /bin/sh nobody -c "$observe"
  refused "root of a user namespace" unshare -U -r $observe
  mount -t tmpfs none /sys/kernel/btf
  refused "without types" $observe
fi
echo "== end"
# QEMU ends then (-no-reboot); a kernel without ACPI cannot turn the machine off.
reboot -f
