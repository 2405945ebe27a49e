import { endianness } from "node:os"
import { formatAddress } from "../../../cni/address.ts"
import type { PeerSocket } from "../../../model/process-wait.ts"

type InternetSocket = { inode: string; state: PeerSocket["state"]; peer: string }

/** enum in include/net/tcp_states.h; a connected UDP socket is established too. */
const STATES: Readonly<Record<string, PeerSocket["state"]>> = { "01": "connected", "02": "connecting" }

/** proc_pid_net(5): local address, remote address, state, …, inode is the tenth field. */
export function parseInternetSockets(text: string): InternetSocket[] {
  return text.split("\n").flatMap((line) => {
    const [, , remote = "", code = "", , , , , , inode] = line.trim().split(/\s+/)
    const [address = "", port = ""] = remote.split(":")
    const state = STATES[code]
    const host = addressOf(address)
    if (inode === undefined || state === undefined || host === undefined) return []
    return [{ inode, state, peer: `${host.includes(":") ? `[${host}]` : host}:${Number.parseInt(port, 16)}` }]
  })
}

/** The kernel prints each 32-bit word of an address as a number, in the byte order of the machine. */
function addressOf(hex: string): string | undefined {
  const words = hex.match(/.{8}/g) ?? []
  const bytes = words.flatMap((word) => {
    const inOrder = [...Buffer.from(word, "hex")]
    return endianness() === "LE" ? inOrder.reverse() : inOrder
  })
  return formatAddress(bytes)
}

type UnixSocket = { inode: string; state: PeerSocket["state"] | undefined; path: string }

/** enum socket_state in include/uapi/linux/net.h: SS_CONNECTING is 2, SS_CONNECTED 3. */
export function parseUnixSockets(text: string): UnixSocket[] {
  return text.split("\n").flatMap((line) => {
    const [, , , , , code = "", inode, path = ""] = line.trim().split(/\s+/)
    const state = code === "03" ? "connected" : code === "02" ? "connecting" : undefined
    return inode === undefined || !/^\d+$/.test(inode) ? [] : [{ inode, state, path }]
  })
}
