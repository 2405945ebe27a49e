import { asciiLower, forEach, isBlank, isNameCode, runEnd, runStart } from "./character.ts"
import { loggedValue } from "./logged-value.ts"
import { isPrivateName, isReference, isSecretName, isSpacedName, NAME_PARTS, PRIVATE_PARTS } from "./secret-name.ts"
import { findShapes } from "./secret-shape.ts"
import { assignedValue, type Find, type Name, pairedValue, REDACTED, type Value } from "./secret-value.ts"

/**
 * Secrets in text that is not JSON, as it reads: by their shape, and by the name before a value, as in `token=x`,
 * `--token x`, `"token": "x"` and `the token is x`. Linear in the size of the text, whatever stands in it: a plugin's
 * output may hold what a pod's author wrote.
 */
export function findInText(text: string): Find[] {
  const finds: Find[] = []
  const lower = asciiLower(text)
  const add = (from: number, to: number, replacement = REDACTED) => {
    // A bundle is searched once more: a mark that stands there already is no secret.
    const isMark = text.startsWith(REDACTED, from) && to <= from + REDACTED.length
    if (to > from && !isMark) finds.push({ from, to, with: replacement })
    return to
  }
  const addValue = (name: Name, value: Value | undefined) => {
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
  return finds
}

/** The name that holds the part, with the word before it where only both together tell of a secret. */
function nameAt(text: string, at: number, searchedTo: number, part: string): Name {
  const name = wordAt(text, at, searchedTo)
  if (name.to - name.from > part.length) return name
  const gap = runStart(text, name.from, searchedTo, isBlank)
  const from = runStart(text, gap, searchedTo, isNameCode)
  const spaced = text.slice(from, name.to)
  return isSpacedName(spaced) ? { text: spaced, from, to: name.to } : name
}

function wordAt(text: string, at: number, searchedTo: number): Name {
  const from = runStart(text, at, searchedTo, isNameCode)
  const to = runEnd(text, at, isNameCode)
  return { text: text.slice(from, to), from, to }
}

function secretValue(text: string, name: Name): Value | undefined {
  if (isSpacedName(name.text)) return loggedValue(text, name)
  return assignedValue(text, name) ?? pairedValue(text, name) ?? loggedValue(text, name)
}

function isHarmless(text: string, name: Name, { kind, from, to }: Value): boolean {
  const content = text.slice(from, to)
  return (kind === "word" && isPlainLiteral(content)) || (kind !== "container" && isReference(name.text, content))
}

/** A switch such as `"tokenAuth": true` tells nothing and says much. */
export function isPlainLiteral(literal: string): boolean {
  return literal === "true" || literal === "false" || literal === "null"
}
