import { forEach, indexOrEnd, isDigit, isNameCode, isWordCode, runEnd, runStart } from "./character.ts"

export type AddMatch = (from: number, to: number, replacement?: string) => number

/** Secrets that are recognized by their shape, without a name. */
export function findShapes(text: string, lower: string, add: AddMatch): void {
  // {"... in base64: a JWT's header, or a whole cached configuration
  forEach(text, "eyJ", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  // -----BEGIN in base64: certificate and key data of a kubeconfig
  forEach(text, "LS0tLS1", (at) => add(at, runEnd(text, at, isBase64)))
  // a whole kubeconfig in base64: `apiVersion: ` or `kind: Config` comes first
  for (const start of ["YXBpVmVyc2lvbj", "a2luZDogQ29uZmln"])
    forEach(text, start, (at) => add(at, runEnd(text, at, isBase64)))
  forEach(text, "AKIA", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  let pemEnd = 0
  forEach(text, "PRIVATE KEY-----", (at) => {
    const from = at + "PRIVATE KEY-----".length
    if (!text.slice(Math.max(0, at - 30), at).includes("BEGIN")) return from
    if (pemEnd >= 0 && pemEnd < from) pemEnd = text.indexOf("-----END", from)
    return add(from, pemEnd < 0 ? indexOrEnd(text, '"', from) : pemEnd)
  })
  for (const scheme of ["bearer ", "basic "]) {
    forEach(lower, scheme, (at) => atLeast(8, at + scheme.length, runEnd(text, at + scheme.length, isWordCode), add))
  }
  forEach(text, "://", (at) => {
    const from = at + "://".length
    const to = runEnd(text, from, isAuthority)
    const userinfo = text.slice(from, to).lastIndexOf("@")
    const colon = text.slice(from, to).indexOf(":")
    if (userinfo > 0) add(from + (colon >= 0 && colon < userinfo ? colon + 1 : 0), from + userinfo)
    return to
  })
  forEach(text, "@", (at, searchedTo) => addUserinfo(text, at, searchedTo, add))
}

/**
 * `user:password@host` and `user:password@tcp(host:3306)/db`, as database drivers accept them. The password may contain
 * any character: it extends from the first colon to the last `@` before a path. A port (`host:80/x@y`) is not a
 * password, and neither is the tag of an image (`name:tag@sha256:...`).
 */
function addUserinfo(text: string, at: number, searchedTo: number, add: AddMatch): number {
  const to = runEnd(text, at, isAddressCode)
  const host = at + text.slice(at, runEnd(text, at, isHostCode)).lastIndexOf("@")
  const word = runStart(text, at, searchedTo, isAddressCode)
  const scheme = text.slice(word, at).indexOf("://")
  const from = scheme < 0 ? word : word + scheme + "://".length
  const colon = text.slice(from, at).indexOf(":")
  if (colon < 0 || IMAGE_DIGESTS.some((digest) => text.startsWith(digest, host + 1))) return to
  const user = text.slice(from, from + colon)
  const password = from + colon + 1
  const isPort = text.charCodeAt(runEnd(text, password, isDigit)) === 47
  if (!user.includes("/") && !user.includes("[") && !isPort) add(password, host)
  return to
}

const IMAGE_DIGESTS = ["sha256:", "sha512:"]

function atLeast(count: number, from: number, to: number, add: AddMatch): number {
  return to - from >= count ? add(from, to) : to
}

function isBase64(code: number): boolean {
  return isNameCode(code) || code === 43 || code === 47 || code === 61 || code === 46
}

/** Characters between `://` and the path of a URL (RFC 3986 section 3.2), and some invalid ones. */
function isAuthority(code: number): boolean {
  return code === 39 || (isHostCode(code) && code !== 92)
}

function isHostCode(code: number): boolean {
  return isAddressCode(code) && code !== 47 && code !== 63 && code !== 35
}

/** Characters of `user:password@host/path` and of URLs. */
export function isAddressCode(code: number): boolean {
  return code > 32 && code !== 34 && code !== 39 && code !== 60 && code !== 62
}
