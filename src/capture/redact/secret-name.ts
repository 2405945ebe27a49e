import { isBlank, isDigit, isLetter, isSmallLetter, runEnd } from "./character.ts"

/** Names of secrets, by a part of the name, and by the whole of it. */
const WORDS = ["token", "secret", "passw", "passphrase", "credential", "authorization", "cookie"]
const WHOLE_NAMES = ["auth", "pwd"]

/** What a name that tells of a secret holds somewhere: where free text is searched for names. */
export const NAME_PARTS = [...WORDS, ...WHOLE_NAMES, "key", "psk"]

/** Keys whose containers are personal or hold literal environment values; see `isPrivateName`. */
export const PRIVATE_PARTS = ["annotations", "last-applied-configuration"]

/** Whether a variable's or a field's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase()
  if (WHOLE_NAMES.includes(lower)) return true
  if (WORDS.some((word) => lower.includes(word))) return true
  return isKey(lower) || isPsk(name)
}

function isKey(lower: string): boolean {
  if (lower.length <= 3 || ["publickey", "public_key", "public-key"].some((name) => lower.endsWith(name))) return false
  return lower.endsWith("key") || lower.includes("_key") || lower.includes("-key")
}

/** A word of the name's own: pods that are named at random may have these letters too. */
function isPsk(name: string): boolean {
  const at = name.toLowerCase().indexOf("psk")
  if (at < 0) return false
  const before = name.charCodeAt(at - 1)
  const isBegun = !isSmallLetter(name.charCodeAt(at)) || !(isLetter(before) || isDigit(before))
  return isBegun && !isLetter(name.charCodeAt(runEnd(name, at + 3, isDigit)))
}

const KINDS_OF_KEY = "access api client encryption pre-shared preshared private secret session shared signing".split(
  " ",
)

/** Two words that only together are a secret's name: `api key`, `pre-shared key`, `client secret`. */
export function isSpacedName(name: string): boolean {
  const lower = name.toLowerCase()
  const kind = runEnd(lower, 0, (code) => !isBlank(code))
  const last = lower.slice(runEnd(lower, kind, isBlank))
  return (last === "key" || last === "secret") && KINDS_OF_KEY.includes(lower.slice(0, kind))
}

/** Beside `secret` stands the name of a Kubernetes object sooner than what is in it. */
export function isObjectName(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  return (lower.endsWith("secret") || lower.endsWith("secrets")) && !isSpacedName(name) && consistsOf(value, "-./")
}

/**
 * Where a secret lies is no secret, and an engineer needs it: `etcd_key_file`, `tokenPath`, `secretName`. Only a value
 * that is nothing but a path, or a name as Kubernetes allows them, is taken for such.
 */
export function isReference(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  if (value.length > 253) return false
  if (lower.endsWith("name") || lower.endsWith("ref")) return consistsOf(value, "-.")
  const isPlace = lower.endsWith("file") || lower.endsWith("path") || lower.endsWith("dir")
  return isPlace && value.startsWith("/") && consistsOf(value.toLowerCase(), "-._/")
}

/** Whether a string under that name is a secret, and not only a reference to one. */
export function isSecret(name: string, value: string): boolean {
  return isSecretName(name) && !isReference(name, value)
}

/** Of small letters, digits and these. */
function consistsOf(value: string, others: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    const isPlain = isSmallLetter(code) || isDigit(code)
    if (!isPlain && !others.includes(value.charAt(at))) return false
  }
  return value.length > 0
}

/**
 * `io.kubernetes.cri.pod-annotations` in runtimeConfig holds every annotation of the pod, and
 * `kubectl.kubernetes.io/last-applied-configuration` among them the pod's literal environment.
 */
export function isPrivateName(name: string): boolean {
  const lower = name.toLowerCase()
  return PRIVATE_PARTS.some((part) => lower.endsWith(part))
}

/** Lower-case marks; text that holds none of them in any case holds no secret that `redact` could find. */
export const SECRET_MARKS = [
  ...NAME_PARTS,
  ...PRIVATE_PARTS,
  "labels",
  "eyj",
  "ls0tls1",
  "yxbpvmvyc2lvbj",
  "a2luzdogq29uzmln",
  // of `user:password@host`, of URLs too
  "@",
  "bearer ",
  "basic ",
  "akia",
  // an escaped letter may spell any of the above
  "\\u00",
]
