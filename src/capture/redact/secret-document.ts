import type { Finder } from "./finder.ts"
import { replaceLeaves, replaceNamed, type TextName } from "./named-value.ts"
import { CLASS } from "./text.ts"
import { deeperLines } from "./yaml-lines.ts"

/** A member of an object, in JSON, YAML or as Go prints it. `valueFrom`: where its value starts, with its quote. */
type Member = {
  from: number
  key: string
  keyFrom: number
  keyTo: number
  quote: string
  valueFrom: number
  to: number
}

/** Members that are looked at around a name: objects with a name and its value have few. */
const MOST_MEMBERS = 8
const LONGEST_OBJECT = 4096

/** Reads a member that starts here, after separators; undefined if there is none. */
function memberAt(f: Finder, at: number): Member | undefined {
  const { t, text } = f
  t.spend(20)
  let from = t.runEnd(at, CLASS.space)
  for (let signs = 0; signs < 4 && ",-".includes(text.charAt(from)) && from < text.length; signs++)
    from = t.runEnd(from + 1, CLASS.space)
  const quote = f.quoteAt(from)
  const keyFrom = from + quote.length
  const keyTo = quote === "" ? t.runEnd(keyFrom, CLASS.name) : f.contentEnd(from, quote)
  const sign = t.runEnd(keyTo + quote.length, CLASS.blank)
  if (keyTo === keyFrom || (text.charCodeAt(sign) !== 58 && text.charCodeAt(sign) !== 61)) return undefined
  const valueFrom = t.runEnd(sign + 1, CLASS.space)
  const valueQuote = f.quoteAt(valueFrom)
  const code = text.charCodeAt(valueFrom)
  let to: number
  if (valueQuote !== "") to = f.contentEnd(valueFrom, valueQuote) + valueQuote.length
  else if (code === 123 || code === 91) to = f.containerEnd(valueFrom)
  else to = f.valueEnd(valueFrom)
  return { from, key: text.slice(keyFrom, Math.min(keyTo, keyFrom + 64)), keyFrom, keyTo, quote, valueFrom, to }
}

/** Calls `found` for the members after this position that belong to the same object. */
function eachMember(f: Finder, at: number, before: number, found: (member: Member) => boolean): boolean {
  let next = at
  for (let count = 0; count < MOST_MEMBERS; count++) {
    const member = memberAt(f, next)
    if (!member || member.from >= before) return false
    if (found(member)) return true
    next = member.to
  }
  return false
}

/**
 * The value beside a name that is itself a value, in either order: `{"name":"DB_PASSWORD","value":"x"}`,
 * `{Name:DB_PASSWORD Value:x}`, `- name: DB_PASSWORD\n  value: x`. True if the name is such a value.
 */
export function replacePaired(f: Finder, name: TextName): boolean {
  const { text } = f
  const key = keyBefore(f, name.from)
  if (!key || (key.name !== "name" && key.name !== "key")) return false
  const quote = f.quoteAt(name.to)
  const replace = (member: Member) => {
    const own = member.key.toLowerCase()
    if (own !== "value" && own !== "val" && own !== "stringvalue") return false
    replaceNamed(f, { ...name, text: member.key, from: member.keyFrom, to: member.keyTo })
    return true
  }
  if (eachMember(f, name.to + quote.length, text.length, replace)) return true
  const first = Math.max(0, key.from - LONGEST_OBJECT)
  const before = text.slice(first, key.from)
  let end = before.length
  for (let tries = 0; tries < MOST_TRIES && end > 0; tries++) {
    end = before.lastIndexOf("alue", end - 1) - 1
    if (end < 0) break
    if (quote === "" && before.includes("- ", end)) break
    const at = first + end - f.slashesAndQuoteBefore(first + end)
    // Not the value of an object within this one.
    if (leadsTo(f, at, key.from) && eachMember(f, at, key.from, replace)) break
  }
  return true
}

/** Values before a name that are tried. */
const MOST_TRIES = 2

/** Whether the members from here on lead to the member that starts at `to`. */
function leadsTo(f: Finder, at: number, to: number): boolean {
  let next = at
  for (let count = 0; count < MOST_MEMBERS && next < to; count++) {
    const member = memberAt(f, next)
    if (!member) return false
    if (member.from === to) return true
    next = member.to
  }
  const member = next <= to ? memberAt(f, next) : undefined
  return member?.from === to
}

/** The key whose value starts at this position, in lower case, and where it starts with its quote. */
function keyBefore(f: Finder, valueFrom: number): { name: string; from: number } | undefined {
  const { t, text } = f
  const sign = t.runStart(valueFrom - f.slashesAndQuoteBefore(valueFrom), 0, CLASS.space)
  const code = text.charCodeAt(sign - 1)
  if (sign < 2 || (code !== 58 && code !== 61)) return undefined
  const end = t.runStart(sign - 1, 0, CLASS.blank)
  const to = end - f.slashesAndQuoteBefore(end)
  const from = t.runStart(to, Math.max(0, to - 16), CLASS.word)
  return { name: text.slice(from, to).toLowerCase(), from: from - f.slashesAndQuoteBefore(from) }
}

/** `data` and `stringData` of a Kubernetes Secret; `at`: the position of `Secret` after `kind`. */
export function replaceSecretData(f: Finder, name: TextName): boolean {
  const { text } = f
  const key = keyBefore(f, name.from)
  if (key?.name !== "kind") return false
  const replace = (member: Member) => {
    if (member.key === "data" || member.key === "stringData") replaceData(f, member)
    return false
  }
  const start = f.lineStart(key.from)
  if (start !== undefined && f.quoteAt(key.from) === "") replaceYamlData(f, key.from, key.from - start)
  else {
    eachMember(f, name.to + f.quoteAt(name.to).length, text.length, replace)
    const first = Math.max(0, key.from - LONGEST_OBJECT)
    const before = text.slice(first, key.from)
    for (const own of ["data", "stringData"]) {
      const last = before.lastIndexOf(`${own}${f.quoteAt(name.to)}`)
      if (last < 0) continue
      const at = first + last - f.slashesAndQuoteBefore(first + last)
      eachMember(f, at, key.from, replace)
    }
  }
  return true
}

function replaceData(f: Finder, member: Member): void {
  const { text } = f
  if (text.charAt(member.valueFrom) !== "{") return
  replaceLeaves(f, f.t.leaves(member.valueFrom), member.quote, member.valueFrom)
}

function replaceYamlData(f: Finder, kind: number, column: number): void {
  const { t, text } = f
  const indent = " ".repeat(column)
  const separator = text.lastIndexOf("\n---", kind)
  const first = Math.max(0, separator, kind - LONGEST_OBJECT)
  const last = text.indexOf("\n---", kind)
  const document = text.slice(first, last < 0 ? Math.min(text.length, kind + LONGEST_OBJECT) : last)
  for (const own of ["data:", "stringData:"]) {
    for (let at = document.indexOf(own); at >= 0; at = document.indexOf(own, at + own.length)) {
      const key = first + at
      const start = f.lineStart(key)
      if (start === undefined ? own === "data:" && column > 0 : key - start !== column && start > 0 && indent !== "")
        continue
      if (start === undefined && text.charAt(key - 1) !== " ") continue
      const to = t.runEnd(key + own.length, CLASS.blank)
      const lines = deeperLines(f, to, start === undefined ? column : key - start, false)
      if (lines) f.add(lines.from, lines.to)
    }
  }
}

/** All annotations of a pod, and the labels in `args.cni`: they may hold anything. */
export function replacePodMetadata(f: Finder, at: number, literal: string): void {
  const { t, text } = f
  const to = at + literal.length
  if (t.runEnd(to, CLASS.word) !== to) return
  const from = t.runStart(at, Math.max(0, at - 128), CLASS.word)
  const name: TextName = { text: literal, from, to, kind: "secret" }
  const quote = f.quoteAt(to)
  const gap = t.runEnd(to + quote.length, CLASS.blank)
  const sign = text.charCodeAt(gap)
  if (sign !== 58 && sign !== 61) return
  const valueFrom = t.runEnd(gap + 1, CLASS.space)
  if (literal === "labels" && !isListOfLabels(f, valueFrom)) return
  replaceNamed(f, name)
}

/** CNI_ARGS have labels as a list of objects; other labels are a map, and are not redacted. */
function isListOfLabels(f: Finder, at: number): boolean {
  return f.text.charAt(at) === "[" && f.text.charAt(f.t.runEnd(at + 1, CLASS.space)) === "{"
}
