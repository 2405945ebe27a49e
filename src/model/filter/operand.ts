import { SIGNALS } from "../../capture/record.ts"
import { parseAddress, parsePrefix } from "../../cni/address.ts"
import { parseSize } from "../size.ts"
import { parseDuration, parseInstant } from "../time.ts"
import { type FieldKind, type FieldName, fieldOf } from "./field.ts"
import type { Operand, Operator } from "./filter.ts"

const EQUAL = ["=", "!=", "in", "not in"]
const CONTAINS = ["~", "!~"]
const ORDERED = [">", ">=", "<", "<="]

const OPERATORS: Readonly<Record<FieldKind, readonly string[]>> = {
  text: [...EQUAL, ...CONTAINS],
  id: [...EQUAL, ...CONTAINS],
  choice: EQUAL,
  stream: [...CONTAINS, "=", "!="],
  number: [...EQUAL, ...ORDERED],
  duration: ORDERED,
  size: ORDERED,
  time: ORDERED,
  signal: EQUAL,
  address: [...EQUAL, ...CONTAINS],
}

/** The operators that a field supports. */
export function operatorsOf(field: FieldName): string[] {
  return [...OPERATORS[fieldOf(field).kind]]
}

/** Parses a value for its field, or returns what would be valid. */
export function operandOf(
  field: FieldName,
  operator: Operator,
  text: string,
  isQuoted: boolean,
  nowMs: number,
): Operand | { message: string; expected: string[] } {
  const { kind, values = [], isOpen } = fieldOf(field)
  if (operator === "~" || operator === "!~") return { kind: "text", text }
  switch (kind) {
    case "choice": {
      const value = values.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
      if (value === undefined && !isOpen) return { message: `is never ${text}`, expected: [...values] }
      return { kind: "text", text: value ?? text }
    }
    case "number":
      return numeric(text, /^-?\d+$/.test(text) ? Number(text) : undefined, ["a number"])
    case "duration":
      return numeric(text, parseDuration(text), ["500ms", "2s", "5m", "1h"])
    case "size":
      return numeric(text, parseSize(text), ["512kB", "20MB"])
    case "time":
      return numeric(text, parseInstant(text, nowMs), ["10m", "2026-09-21T03:00:00Z"])
    case "signal":
      return numeric(text, signalNumber(text), ["SIGKILL", "9"])
    case "address":
      if (!parseAddress(text) && !parsePrefix(text))
        return { message: `is never ${text}`, expected: ["10.1.2.3", "10.1.0.0/16"] }
      return { kind: "text", text }
    case "text":
    case "id":
    case "stream":
      return { kind: !isQuoted && text.includes("*") ? "glob" : "text", text }
  }
}

function numeric(
  text: string,
  number: number | undefined,
  expected: string[],
): Operand | { message: string; expected: string[] } {
  return number === undefined ? { message: `cannot be ${text}`, expected } : { kind: "number", text, number }
}

function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text)
  const name = text.toUpperCase().replace(/^(?:SIG)?/, "SIG")
  const [number] = Object.entries(SIGNALS).find(([, candidate]) => candidate === name) ?? []
  return number === undefined ? undefined : Number(number)
}
