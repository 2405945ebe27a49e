#!/bin/busybox sh
# Process 1 of the guest of bench/kernel.ts. It prints sections, each behind a line `== NAME`, and ends the machine. What is
# measured has no rights, so that it does not get a priority above the observer's.
/bin/busybox --install -s /bin
export PATH=/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
chmod 1777 /tmp
chmod 666 /dev/zero /dev/null
cat >/tmp/stdin <<'STDIN'
{"cniVersion":"1.0.0","name":"net","type":"bridge","ipam":{"type":"host-local","dataDir":"/tmp/leases","ranges":[[{"subnet":"10.0.0.0/8"}]]}}
STDIN
mkdir -m 777 /tmp/leases
bin=/opt/cni/bin
given="CNI_CONTAINERID=c% CNI_NETNS=/run/netns/c1 CNI_IFNAME=eth0 CNI_PATH=$bin"
as_user() { su -s /bin/sh nobody -c "$*"; }

measure() {
  echo "== $1 call"
  as_user rounds turns 40 --case /tmp/stdin 0 $bin/host-local CNI_COMMAND=VERSION $given
  echo "== $1 crowd"
  as_user rounds crowd 50 1 --case /tmp/stdin 0 $bin/host-local CNI_COMMAND=ADD $given --case /tmp/stdin 0 $bin/host-local CNI_COMMAND=DEL $given
  echo "== $1 system calls"
  as_user system-calls
}

# Whatever is read for the first time comes from the compressed root.
measure unmeasured
measure bare
cnitap observe --capture /tmp/capture >/tmp/listed 2>/tmp/messages &
pid=$!
until grep -q observing /tmp/messages || ! kill -0 $pid 2>/dev/null; do sleep 0.2; done
measure observed
kill -TERM $pid
wait $pid
echo "== messages"
cat /tmp/messages
cnitap ls --capture /tmp/capture -o name 2>/dev/null | wc -l
echo "== end"
reboot -f
