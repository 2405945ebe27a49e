import assert from "node:assert/strict"
import { test } from "node:test"
import { type ProcessWait, waitText } from "../../../src/model/process-wait.ts"
import { parseLockCall, parseLocks } from "../../../src/store/node/wait/locks.ts"
import { parseInternetSockets, parseUnixSockets } from "../../../src/store/node/wait/socket-table.ts"

test("/proc/locks: the holders, without waiters and locks of open file descriptions that name no process", () => {
  const text = `1: FLOCK  ADVISORY  WRITE 2729 fe:00:2146378 0 EOF
1: -> FLOCK  ADVISORY  WRITE 2772 fe:00:2146378 0 EOF
2: POSIX  ADVISORY  READ  812 00:2f:91 128 128
3: OFDLCK ADVISORY  WRITE -1 08:01:7 0 EOF
`
  assert.deepEqual(parseLocks(text), [
    { pid: 2729, inode: 2146378 },
    { pid: 812, inode: 91 },
    { pid: -1, inode: 7 },
  ])
})

test("/proc/PID/syscall: the file descriptor of a lock", () => {
  assert.deepEqual(parseLockCall("73 0x4 0x2 0x0 0x7f5e457e4c58 0x0 0x0 0x7ffc96f93288 0x7f5e45f16897\n"), {
    kind: "flock",
    fd: "4",
  })
  assert.deepEqual(parseLockCall("25 0x1f 0x7 0x0"), { kind: "fcntl", fd: "31" })
  assert.deepEqual(["running\n", "0 0x4 0x2", ""].map(parseLockCall), [undefined, undefined, undefined])
})

test("/proc/net/tcp and tcp6: connected and connecting sockets, not listening ones", () => {
  const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 133 1 0 100 0 0 10 0
   1: 0100007F:9C40 0100600A:01BB 02 00000001:00000000 01:00000064 00000002     0        0 134 2 0 100 0 0 10 -1
`
  const tcp6 = `   0: 00000000000000000000000001000000:9C41 B80D0120000000000000000001000000:0035 01 00000000:00000000 00:00000000 00000000     0        0 135 2 0
   1: 0000000000000000FFFF00000100007F:9C42 0000000000000000FFFF00000100600A:01BB 01 00000000:00000000 00:00000000 00000000     0        0 136 2 0
`
  assert.deepEqual([tcp, tcp6].flatMap(parseInternetSockets), [
    { inode: "134", state: "connecting", peer: "10.96.0.1:443" },
    { inode: "135", state: "connected", peer: "[2001:db8::1]:53" },
    { inode: "136", state: "connected", peer: "10.96.0.1:443" },
  ])
})

test("/proc/net/unix: the accepted socket has the path of the server", () => {
  const text = `Num       RefCount Protocol Flags    Type St Inode Path
00000000c4b19f1d: 00000003 00000000 00000000 0001 03 3169155 /run/cni.sock
000000008451ff0e: 00000002 00000000 00010000 0001 01 3170006 /run/cni.sock
000000008451ff0f: 00000003 00000000 00000000 0001 03 3170007
`
  assert.deepEqual(parseUnixSockets(text), [
    { inode: "3169155", state: "connected", path: "/run/cni.sock" },
    { inode: "3170006", state: undefined, path: "/run/cni.sock" },
    { inode: "3170007", state: "connected", path: "" },
  ])
})

test("one line: the lock before the peers, before the child, before the kernel's function", () => {
  const idle: ProcessWait = { locks: [], sockets: [], children: [], wchan: "futex_wait_queue" }
  const child = { pid: 91, name: "iptables" }
  const socket = { protocol: "tcp", state: "connecting", peer: "10.96.0.1:443" } as const
  const lock = {
    kind: "flock",
    pid: 90,
    path: "/run/xtables.lock",
    holder: { pid: 7, name: "iptables-restore" },
  } as const
  assert.deepEqual(
    [
      idle,
      { ...idle, children: [child] },
      { ...idle, children: [child], sockets: [socket, socket, { protocol: "unix", state: "connected" } as const] },
      { ...idle, children: [child], sockets: [socket], locks: [lock] },
      { locks: [], sockets: [], children: [] },
    ].map(waitText),
    [
      "futex_wait_queue",
      "its child iptables (pid 91)",
      "connecting to 10.96.0.1:443 (tcp)",
      "flock of /run/xtables.lock, held by pid 7 (iptables-restore)",
      "",
    ],
  )
})
