#!/bin/bash
# Process 1 of a node: namespaces of its own (mount, net, pid, uts, ipc), private /run, /var/lib, /var/log and /opt, and an
# overlay on /etc, so that everything is in the standard places while the machine's own directories stay as they are.
#   node-init.sh DIRECTORY NAME
set -e
directory=$1 name=$2
mount --make-rprivate /
mount --rbind /sys/fs/cgroup "$directory/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$directory/cgroup" /sys/fs/cgroup
mount --bind "$directory/run" /run
mount --bind "$directory/var-lib" /var/lib
mount --bind "$directory/var-log" /var/log
mount --bind "$directory/opt" /opt
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$directory/etc,workdir=$directory/etc-work" /etc
# The kubelet insists on these; the machine's own values stay.
for setting in vm/overcommit_memory:1 kernel/panic:10 kernel/panic_on_oops:1 kernel/keys/root_maxkeys:1000000 \
  kernel/keys/root_maxbytes:25000000; do
  file=$directory/sysctl/${setting//\//_}
  echo "${setting##*:}" > "$file"
  mount --bind "$file" "/proc/sys/${setting%%:*}"
done
mount --make-rshared /
hostname "$name"
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
rm -rf /etc/cni /etc/containerd
mkdir -p /etc/cni/net.d /etc/containerd /opt/cni/bin /run/lock
echo ready > /run/ready
trap 'exit 0' TERM
while :; do sleep 1 & wait; done
