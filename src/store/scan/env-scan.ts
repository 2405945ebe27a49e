import type { contextOf } from "../../model/call.ts"
import { isAt } from "./byte-scanner.ts"
import { addToHash, ByteSlice, isPlain, sliceText } from "./byte-slice.ts"

/** What CNI variables say about a call: shared by calls with the same environment until it is overwritten. */
export class EnvSlices {
  readonly command = new ByteSlice()
  readonly containerId = new ByteSlice()
  readonly netns = new ByteSlice()
  readonly ifname = new ByteSlice()
  readonly namespace = new ByteSlice()
  readonly name = new ByteSlice()
  readonly uid = new ByteSlice()

  /** Copies what the decoder has read. */
  load({ command, containerId, netns, ifname, pod }: ReturnType<typeof contextOf>): void {
    this.command.set(command)
    this.containerId.set(containerId)
    this.netns.set(netns)
    this.ifname.set(ifname)
    this.namespace.set(pod?.namespace)
    this.name.set(pod?.name)
    this.uid.set(pod?.uid)
  }

  /** Points to a copy of the bytes; the copy starts with byte `from` of the original. */
  moveTo(copy: Buffer, from: number): void {
    for (const member of MEMBERS) if (this[member].to > 0) this[member].moveTo(copy, from)
  }
}

const MEMBERS = ["command", "containerId", "netns", "ifname", "namespace", "name", "uid"] as const
const BETWEEN = Buffer.from('":"')
const QUOTE = 34
const COMMA = 44
const SEMICOLON = 59
const BRACE = 125

/**
 * Reads the variables in `,"env":{...}` from the position after the opening brace; returns the position of the closing
 * one. -1 if a text has escapes or is not plain ASCII, or if a variable that is needed occurs twice.
 */
export function scanEnv(bytes: Buffer, from: number, to: number, into: EnvSlices): number {
  for (const member of MEMBERS) into[member].place(bytes, 0, 0, 0)
  let hasArgs = false
  for (let at = from; ; at++) {
    if (bytes[at] !== QUOTE || !sliceText(bytes, at + 1, to, text)) return -1
    const start = at + 1
    const end = text.to
    if (!isAt(bytes, end, BETWEEN)) return -1
    const value = end + BETWEEN.length
    const variable = variableAt(bytes, start, end)
    if (variable === "args") {
      if (hasArgs) return -1
      hasArgs = true
      at = scanArgs(bytes, value, to, into)
      if (at < 0) return -1
    } else {
      const slice = variable ? into[variable] : text
      if (variable && slice.to > 0) return -1
      if (!sliceText(bytes, value, to, slice)) return -1
      at = slice.to
    }
    at++
    if (bytes[at] === BRACE) return at
    if (bytes[at] !== COMMA) return -1
  }
}

const text = new ByteSlice()
const VARIABLES = (["command", "containerId", "netns", "ifname", "args"] as const).map((member) => ({
  member,
  bytes: Buffer.from(`CNI_${member.toUpperCase()}`),
}))
const POD = (["namespace", "name", "uid"] as const).map((member) => ({
  member,
  bytes: Buffer.from(`K8S_POD_${member.toUpperCase()}=`),
}))

function variableAt(bytes: Buffer, from: number, to: number): (typeof VARIABLES)[number]["member"] | undefined {
  for (const { member, bytes: name } of VARIABLES)
    if (name.length === to - from && isAt(bytes, from, name)) return member
  return undefined
}

/**
 * Reads CNI_ARGS as `contextOf` does: the last value of a repeated key counts, and a pod needs a name.
 * Returns the position of the closing quote.
 */
function scanArgs(bytes: Buffer, from: number, to: number, into: EnvSlices): number {
  let at = from
  for (; at < to && bytes[at] !== QUOTE; at++) {
    const member = podMemberAt(bytes, at)
    const start = member ? bytes.indexOf(EQUALS, at) + 1 : at
    let hash = 0
    for (at = start; at < to && bytes[at] !== SEMICOLON && bytes[at] !== QUOTE; at++) {
      const byte = bytes[at] ?? 0
      if (!isPlain(byte)) return -1
      if (member) hash = addToHash(hash, byte)
    }
    if (member) into[member].place(bytes, start, at, hash)
    if (bytes[at] === QUOTE) break
  }
  const { namespace, name, uid } = into
  if (name.to === name.from) for (const slice of [namespace, name, uid]) slice.place(bytes, 0, 0, 0)
  return at < to ? at : -1
}

function podMemberAt(bytes: Buffer, at: number): (typeof POD)[number]["member"] | undefined {
  if (bytes[at] !== LETTER_K) return undefined
  for (const { member, bytes: key } of POD) if (isAt(bytes, at, key)) return member
  return undefined
}

const EQUALS = 61
const LETTER_K = 75
