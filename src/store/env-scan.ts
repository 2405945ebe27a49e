import type { contextOf } from "../model/call.ts"
import { isAt } from "./cursor.ts"
import { hashed, isPlain, plainText, Span } from "./span.ts"

/** What the environment tells of a call. One stands for the calls of an operation, until it is filled anew. */
export class Context {
  readonly command = new Span()
  readonly containerId = new Span()
  readonly netns = new Span()
  readonly ifname = new Span()
  readonly namespace = new Span()
  readonly name = new Span()
  readonly uid = new Span()

  facts(): ReturnType<typeof contextOf> {
    const { command, containerId, netns, ifname, namespace, name, uid } = this
    const facts: ReturnType<typeof contextOf> = { command: command.text() ?? "" }
    const texts = { containerId: containerId.text(), netns: netns.text(), ifname: ifname.text() }
    if (texts.containerId) facts.containerId = texts.containerId
    if (texts.netns) facts.netns = texts.netns
    if (texts.ifname) facts.ifname = texts.ifname
    const pod = { namespace: namespace.text(), name: name.text(), uid: uid.text() }
    if (pod.namespace && pod.name)
      facts.pod = { namespace: pod.namespace, name: pod.name, ...(pod.uid ? { uid: pod.uid } : {}) }
    return facts
  }

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
    const [start, end] = [text.from, text.to]
    if (!isAt(bytes, end, BETWEEN)) return -1
    if (isText(bytes, start, end, ARGS)) {
      at = hasArgs ? -1 : scanArgs(bytes, end + BETWEEN.length, to, into)
      if (at < 0) return -1
      hasArgs = true
    } else {
      if (!plainText(bytes, end + BETWEEN.length, to, text)) return -1
      for (const { member, bytes: name } of VARIABLES) {
        if (!isText(bytes, start, end, name)) continue
        if (into[member].to > 0) return -1
        into[member].place(bytes, text.from, text.to, text.hash)
      }
      at = text.to
    }
    at++
    if (bytes[at] === BRACE) return at
    if (bytes[at] !== COMMA) return -1
  }
}

const text = new Span()
const VARIABLES = (["command", "containerId", "netns", "ifname"] as const).map((member) => ({
  member,
  bytes: Buffer.from(`CNI_${member.toUpperCase()}`),
}))
const ARGS = Buffer.from("CNI_ARGS")
const POD = (["namespace", "name", "uid"] as const).map((member) => ({
  member,
  bytes: Buffer.from(`K8S_POD_${member.toUpperCase()}=`),
}))

function isText(bytes: Buffer, from: number, to: number, text: Buffer): boolean {
  return text.length === to - from && isAt(bytes, from, text)
}

/** As `contextOf` takes them: of a key that comes twice the last, and no pod without its name. Returns where their quote is. */
function scanArgs(bytes: Buffer, from: number, to: number, into: Context): number {
  let at = from
  for (; at < to && bytes[at] !== QUOTE; at++) {
    const known = bytes[at] === LETTER_K ? POD.find(({ bytes: key }) => isAt(bytes, at, key)) : undefined
    const start = at + (known?.bytes.length ?? 0)
    let hash = 0
    for (at = start; at < to && bytes[at] !== SEMICOLON && bytes[at] !== QUOTE; at++) {
      const byte = bytes[at] ?? 0
      if (!isPlain(byte)) return -1
      hash = hashed(hash, byte)
    }
    if (known) into[known.member].place(bytes, start, at, hash)
    if (bytes[at] === QUOTE) break
  }
  const { namespace, name, uid } = into
  if (namespace.to === namespace.from || name.to === name.from)
    for (const span of [namespace, name, uid]) span.place(bytes, 0, 0, 0)
  return at < to ? at : -1
}

const LETTER_K = 75
