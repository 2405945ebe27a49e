import { isBlank, isDigit, isLetter, isLowerLetter, runEnd } from "./character.ts"

/** Names of secrets: by a part of the name, and by the whole name. */
const WORDS = ["token", "secret", "passw", "passphrase", "credential", "authorization", "cookie"]
const WHOLE_NAMES = ["auth", "pwd"]

/** Every secret's name contains one of these: free text is searched for them. */
export const NAME_PARTS = [...WORDS, ...WHOLE_NAMES, "key", "psk"]

/** Keys whose values hold personal data or environment variables; see `isPrivateName`. */
export const PRIVATE_PARTS = ["annotations", "last-applied-configuration"]

/** Whether the value of a variable or field with this name is a secret. */
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

/** As a word of its own, because randomly named pods may contain these letters. */
function isPsk(name: string): boolean {
  const at = name.toLowerCase().indexOf("psk")
  if (at < 0) return false
  const before = name.charCodeAt(at - 1)
  const isWordStart = !isLowerLetter(name.charCodeAt(at)) || !(isLetter(before) || isDigit(before))
  return isWordStart && !isLetter(name.charCodeAt(runEnd(name, at + 3, isDigit)))
}

const KINDS_OF_KEY = "access api client encryption pre-shared preshared private secret session shared signing".split(
  " ",
)

/** Two words that name a secret only together: `api key`, `pre-shared key`, `client secret`. */
export function isSpacedName(name: string): boolean {
  const lower = name.toLowerCase()
  const kind = runEnd(lower, 0, (code) => !isBlank(code))
  const last = lower.slice(runEnd(lower, kind, isBlank))
  return (last === "key" || last === "secret") && KINDS_OF_KEY.includes(lower.slice(0, kind))
}

/** After `secret` comes more often the name of a Kubernetes object than its content. */
export function isObjectName(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  return (lower.endsWith("secret") || lower.endsWith("secrets")) && !isSpacedName(name) && consistsOf(value, "-./")
}

/**
 * The location of a secret is not secret, and engineers need it: `etcd_key_file`, `tokenPath`, `secretName`. Only a
 * value that is a path, or a valid Kubernetes name, is considered a reference.
 */
export function isReference(name: string, value: string): boolean {
  const lower = name.toLowerCase()
  if (value.length > 253) return false
  if (lower.endsWith("name") || lower.endsWith("ref")) return consistsOf(value, "-.")
  const isPathName = lower.endsWith("file") || lower.endsWith("path") || lower.endsWith("dir")
  return isPathName && value.startsWith("/") && consistsOf(value.toLowerCase(), "-._/")
}

/** Whether a string under that name is a secret, and not only a reference to one. */
export function isSecret(name: string, value: string): boolean {
  return isSecretName(name) && !isReference(name, value)
}

/** Only lower-case letters, digits and these. */
function consistsOf(value: string, others: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    const isAllowed = isLowerLetter(code) || isDigit(code)
    if (!isAllowed && !others.includes(value.charAt(at))) return false
  }
  return value.length > 0
}

/**
 * `io.kubernetes.cri.pod-annotations` in runtimeConfig holds all annotations of the pod; one of them,
 * `kubectl.kubernetes.io/last-applied-configuration`, holds the values of its environment variables.
 */
export function isPrivateName(name: string): boolean {
  const lower = name.toLowerCase()
  return PRIVATE_PARTS.some((part) => lower.endsWith(part))
}

/** Lower-case substrings. Text that contains none of them, in any case, contains no secret that `redact` could find. */
export const SECRET_MARKS = [
  ...NAME_PARTS,
  ...PRIVATE_PARTS,
  "labels",
  "eyj",
  "ls0tls1",
  "yxbpvmvyc2lvbj",
  "a2luzdogq29uzmln",
  // `user:password@host`, also in URLs
  "@",
  "bearer ",
  "basic ",
  "akia",
  // an escaped letter may spell any of the above
  "\\u00",
]
