import type { contextOf } from "../../model/call.ts"
import { isAt } from "./byte-scanner.ts"
import { ByteSlice, hashed, isPlain, plainText } from "./byte-slice.ts"

/** What the environment tells of a call. One stands for the calls of an operation, until it is filled anew. */
export class Context {
  readonly command = new ByteSlice()
  readonly containerId = new ByteSlice()
  readonly netns = new ByteSlice()
  readonly ifname = new ByteSlice()
  readonly namespace = new ByteSlice()
  readonly name = new ByteSlice()
  readonly uid = new ByteSlice()

  /** What was read in another way. */
  load({ command, containerId, netns, ifname, pod }: ReturnType<typeof contextOf>): void {
    this.command.set(command)
    this.containerId.set(containerId)
    this.netns.set(netns)
    this.ifname.set(ifname)
    this.namespace.set(pod?.namespace)
    this.name.set(pod?.name)
    this.uid.set(pod?.uid)
  }

  /** To where the bytes from `from` on were copied. */
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
 * What the variables in `,"env":{...}` tell, from behind its brace on; returns where the other brace is. -1 where a text
 * has escapes or is not plain ASCII, and where what tells something comes twice.
 */
export function scanEnv(bytes: Buffer, from: number, to: number, into: Context): number {
  for (const member of MEMBERS) into[member].place(bytes, 0, 0, 0)
  let hasArgs = false
  for (let at = from; ; at++) {
    if (bytes[at] !== QUOTE || !plainText(bytes, at + 1, to, text)) return -1
    const start = at + 1
    const end = text.to
    if (!isAt(bytes, end, BETWEEN)) return -1
    const value = end + BETWEEN.length
    const known = variableAt(bytes, start, end)
    if (known === "args") {
      if (hasArgs) return -1
      hasArgs = true
      at = scanArgs(bytes, value, to, into)
      if (at < 0) return -1
    } else {
      const span = known ? into[known] : text
      if (known && span.to > 0) return -1
      if (!plainText(bytes, value, to, span)) return -1
      at = span.to
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

/** As `contextOf` takes them: of a key that comes twice the last, and no pod without its name. Returns where their quote is. */
function scanArgs(bytes: Buffer, from: number, to: number, into: Context): number {
  let at = from
  for (; at < to && bytes[at] !== QUOTE; at++) {
    const member = podMemberAt(bytes, at)
    const start = member ? bytes.indexOf(EQUALS, at) + 1 : at
    let hash = 0
    for (at = start; at < to && bytes[at] !== SEMICOLON && bytes[at] !== QUOTE; at++) {
      const byte = bytes[at] ?? 0
      if (!isPlain(byte)) return -1
      if (member) hash = hashed(hash, byte)
    }
    if (member) into[member].place(bytes, start, at, hash)
    if (bytes[at] === QUOTE) break
  }
  const { namespace, name, uid } = into
  if (namespace.to === namespace.from || name.to === name.from)
    for (const span of [namespace, name, uid]) span.place(bytes, 0, 0, 0)
  return at < to ? at : -1
}

function podMemberAt(bytes: Buffer, at: number): (typeof POD)[number]["member"] | undefined {
  if (bytes[at] !== LETTER_K) return undefined
  for (const { member, bytes: key } of POD) if (isAt(bytes, at, key)) return member
  return undefined
}

const EQUALS = 61
const LETTER_K = 75
