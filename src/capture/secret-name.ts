/** Names of secrets, by a part of the name, and by the whole of it. */
const WORDS = ["token", "secret", "passw", "credential", "authorization"]
const WHOLE_NAMES = ["auth", "pwd", "cookie"]

/** What a name that tells of a secret holds somewhere: where free text is searched for names. */
export const NAME_PARTS = [...WORDS, ...WHOLE_NAMES, "key"]

/** Keys whose containers are personal or hold literal environment values; see `isPrivateName`. */
export const PRIVATE_PARTS = ["annotations", "last-applied-configuration"]

/** Whether a variable's or a field's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase()
  if (WHOLE_NAMES.includes(lower)) return true
  if (WORDS.some((word) => lower.includes(word))) return true
  return lower.length > 3 && (lower.endsWith("key") || lower.includes("_key") || lower.includes("-key"))
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
  "://",
  ":\\/\\/",
  "bearer ",
  "basic ",
  "akia",
  // an escaped letter may spell any of the above
  "\\u00",
]
