import type { Finder } from "./finder.ts"
import { CLASS } from "./text.ts"

/** Longer than any authority of a URL, and than any user name with its password. */
const LONGEST_ADDRESS = 1024
const LONGEST_USERINFO = 256

/** Finds the password in the authority of a URL; without a user name, all of its userinfo. `mark`: position of `://`. */
export function findInUrl(f: Finder, mark: number): void {
  const { t, text } = f
  const from = mark + 3
  let to = Math.min(t.runEnd(from, CLASS.host), from + LONGEST_ADDRESS)
  const next = text.slice(from, to).indexOf("://")
  if (next >= 0) to = from + next
  const authority = text.slice(from, to)
  const at = authority.lastIndexOf("@")
  if (at <= 0) return
  t.spend(40)
  const first = separatedAt(authority, at)
  const userinfo = authority.slice(0, first)
  const colon = userinfo.indexOf(":")
  if (isPlaceholder(userinfo.slice(colon + 1))) return
  f.add(from + (colon >= 0 ? colon + 1 : 0), from + first)
}

/** The `@` that ends the first address, if others follow without a scheme: `mongodb://u:x@h1,u:y@h2`. */
function separatedAt(authority: string, last: number): number {
  let at = authority.indexOf("@")
  for (let tries = 0; tries < MOST_ADDRESSES && at >= 0 && at < last; tries++) {
    const next = authority.indexOf("@", at + 1)
    const rest = authority.slice(at + 1, next)
    const separator = firstSeparator(rest)
    if (separator > 0 && rest.includes(":", separator)) return at
    at = next
  }
  return last
}

const MOST_ADDRESSES = 4

function firstSeparator(text: string): number {
  let first = text.indexOf(",")
  const semicolon = text.indexOf(";")
  if (semicolon >= 0 && (first < 0 || semicolon < first)) first = semicolon
  const bar = text.indexOf("|")
  return bar >= 0 && (first < 0 || bar < first) ? bar : first
}

/**
 * `user:password@host` and `user:password@tcp(host:3306)/db`, as database drivers accept them. The password may contain
 * any character: it extends from the first colon to the last `@` before a path. A port (`host:80/x@y`) is not a
 * password, and neither is the tag of an image (`name:tag@sha256:...`).
 */
export function findUserinfo(f: Finder, mark: number): void {
  const { t, text } = f
  let from = t.runStart(mark, Math.max(f.doneTo, mark - LONGEST_USERINFO), CLASS.address)
  let user = text.slice(from, mark)
  if (!user.includes(":")) return
  t.spend(60)
  // What follows an earlier address in a list.
  const earlier = user.lastIndexOf("@")
  const separator =
    earlier < 0 ? (from === f.doneTo && from > 0 ? firstSeparator(user) : -1) : firstSeparator(user.slice(earlier))
  if (separator >= 0) {
    from += Math.max(earlier, 0) + separator + 1
    user = text.slice(from, mark)
  }
  const scheme = user.lastIndexOf("://")
  if (scheme >= 0) {
    from += scheme + 3
    user = text.slice(from, mark)
  }
  const opened = openingEnd(user)
  from += opened
  user = user.slice(opened)
  const colon = user.indexOf(":")
  if (colon < 0) return
  const hostEnd = Math.min(t.runEnd(mark, CLASS.host), mark + LONGEST_ADDRESS)
  const rest = text.slice(mark, hostEnd)
  const host = mark + separatedAt(rest, rest.lastIndexOf("@"))
  if (isNoHost(text, host + 1) || user.startsWith("mailto:") || user.startsWith("sip:")) return
  const password = from + colon + 1
  const name = user.slice(0, colon)
  const isPort = text.charCodeAt(t.runEnd(password, CLASS.digits)) === 47
  if (name.includes("/") || name.includes("[") || name.includes("@") || isPort) return
  if (isPlaceholder(text.slice(password, host))) return
  f.add(password, host)
}

/** After brackets, `map[` and names with an equals sign, as in `dsn=[user:password@host]`. */
function openingEnd(user: string): number {
  let from = 0
  for (;;) {
    if (user.startsWith("map[", from)) from += 4
    // An IPv6 address is in brackets that close before its port.
    else if (user.charAt(from) === "[" && user.indexOf("]", from) > 0) return from
    else if (from < user.length && "[({\\".includes(user.charAt(from))) from++
    else {
      const equals = user.indexOf("=", from)
      if (equals < 0 || equals > user.indexOf(":", from)) return from
      from = equals + 1
    }
  }
}

const INTERFACES = [
  "if",
  "eth",
  "ens",
  "eno",
  "enp",
  "bond",
  "veth",
  "br",
  "cali",
  "vxlan",
  "team",
  "lo",
  "cni",
  "wlan",
  "dummy",
]

/** The digest of an image, the other end of an interface (`eth0@if5`), or nothing that a host could be. */
function isNoHost(text: string, at: number): boolean {
  if (text.startsWith("sha256:", at) || text.startsWith("sha512:", at)) return true
  for (const name of INTERFACES) {
    const digit = text.charCodeAt(at + name.length)
    if (text.startsWith(name, at) && digit >= 48 && digit <= 57) return true
  }
  const code = text.charCodeAt(at)
  return Number.isNaN(code) || code <= 32 || ",;)\"'".includes(text.charAt(at))
}

function isPlaceholder(password: string): boolean {
  return password === "***" || password === "xxxxx" || password === "xxx" || password.startsWith("$")
}
