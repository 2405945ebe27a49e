import { spawnSync } from "node:child_process"
import type { PeerSocket } from "../../../model/process-wait.ts"
import { openFiles, procText } from "./process-files.ts"
import { parseInternetSockets, parseUnixSockets } from "./socket-table.ts"

/** The sockets of a process that are connected or connecting, with their peers. */
export function peerSockets(pid: number): PeerSocket[] {
  const inodes = new Set(openFiles(pid).flatMap(({ target }) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []))
  if (inodes.size === 0) return []
  const internet = (["tcp", "tcp6", "udp", "udp6"] as const).flatMap((table) =>
    parseInternetSockets(procText(`${pid}/net/${table}`) ?? "").flatMap(({ inode, ...socket }): PeerSocket[] =>
      inodes.has(inode) ? [{ protocol: table.startsWith("tcp") ? "tcp" : "udp", ...socket }] : [],
    ),
  )
  const unix = parseUnixSockets(procText(`${pid}/net/unix`) ?? "")
  const own = unix.filter(({ inode, state }) => inodes.has(inode) && state !== undefined)
  if (own.length === 0) return internet
  const peers = unixPeers()
  const paths = new Map(unix.map(({ inode, path }) => [inode, path]))
  return [
    ...internet,
    ...own.flatMap(({ inode, state }): PeerSocket[] => {
      const peer = paths.get(peers.get(inode) ?? "")
      return state === undefined ? [] : [{ protocol: "unix", state, ...(peer ? { peer } : {}) }]
    }),
  ]
}

const SS_TIMEOUT_MS = 2000

/** The inode of each unix socket's peer, which only netlink reports; empty without ss (iproute2). */
function unixPeers(): Map<string, string> {
  const { stdout } = spawnSync("ss", ["-xnH"], { encoding: "latin1", timeout: SS_TIMEOUT_MS })
  return new Map(
    (stdout ?? "").split("\n").flatMap((line) => {
      const [, , , , , inode, , peer] = line.trim().split(/\s+/)
      return inode === undefined || peer === undefined ? [] : [[inode, peer] as const]
    }),
  )
}
