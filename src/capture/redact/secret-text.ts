import { asciiLower, forEach, isBlank, isNameCode, runEnd, runStart } from "./character.ts"
import { loggedValue } from "./logged-value.ts"
import { isPrivateName, isReference, isSecretName, isSpacedName, NAME_PARTS, PRIVATE_PARTS } from "./secret-name.ts"
import { findShapes } from "./secret-shape.ts"
import {
  assignedValue,
  pairedValue,
  REDACTED,
  type SecretMatch,
  type TextName,
  type TextValue,
} from "./secret-value.ts"

/**
 * Secrets in text that is not JSON: by their shape, and by the name before a value, as in `token=x`, `--token x`,
 * `"token": "x"` and `the token is x`. Takes linear time for any text, because a plugin's output may contain what a
 * pod's author wrote.
 */
export function findInText(text: string): SecretMatch[] {
  const matches: SecretMatch[] = []
  const lower = asciiLower(text)
  const add = (from: number, to: number, replacement = REDACTED) => {
    // A bundle is searched again: what was replaced before is not a secret.
    const isReplaced = text.startsWith(REDACTED, from) && to <= from + REDACTED.length
    if (to > from && !isReplaced) matches.push({ from, to, with: replacement })
    return to
  }
  const addValue = (name: TextName, value: TextValue | undefined) => {
    if (!value) return name.to
    return isHarmless(text, name, value) ? value.to : add(value.from, value.to, value.with)
  }
  findShapes(text, lower, add)
  for (const part of NAME_PARTS) {
    forEach(lower, part, (at, searchedTo) => {
      const name = nameAt(text, at, searchedTo, part)
      return isSecretName(name.text) ? addValue(name, secretValue(text, name)) : name.to
    })
  }
  for (const part of PRIVATE_PARTS) {
    forEach(lower, part, (at, searchedTo) => {
      const name = wordAt(text, at, searchedTo)
      return isPrivateName(name.text) ? addValue(name, assignedValue(text, name)) : name.to
    })
  }
  forEach(lower, "labels", (at) => {
    const name = { text: "labels", from: at, to: at + "labels".length }
    const value = assignedValue(text, name)
    return value?.kind === "container" ? add(value.from, value.to, value.with) : name.to
  })
  return matches
}

/** The name that contains the part, with the word before it if only both together name a secret. */
function nameAt(text: string, at: number, searchedTo: number, part: string): TextName {
  const name = wordAt(text, at, searchedTo)
  if (name.to - name.from > part.length) return name
  const gap = runStart(text, name.from, searchedTo, isBlank)
  const from = runStart(text, gap, searchedTo, isNameCode)
  const spaced = text.slice(from, name.to)
  return isSpacedName(spaced) ? { text: spaced, from, to: name.to } : name
}

function wordAt(text: string, at: number, searchedTo: number): TextName {
  const from = runStart(text, at, searchedTo, isNameCode)
  const to = runEnd(text, at, isNameCode)
  return { text: text.slice(from, to), from, to }
}

function secretValue(text: string, name: TextName): TextValue | undefined {
  if (isSpacedName(name.text)) return loggedValue(text, name)
  return assignedValue(text, name) ?? pairedValue(text, name) ?? loggedValue(text, name)
}

function isHarmless(text: string, name: TextName, { kind, from, to }: TextValue): boolean {
  const content = text.slice(from, to)
  return (kind === "word" && isPlainLiteral(content)) || (kind !== "container" && isReference(name.text, content))
}

/** A switch such as `"tokenAuth": true` is not secret, and it helps an engineer. */
export function isPlainLiteral(literal: string): boolean {
  return literal === "true" || literal === "false" || literal === "null"
}
