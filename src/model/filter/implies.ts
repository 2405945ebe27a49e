import type { Filter, Operand, Test } from "./filter.ts"

/**
 * Whether whatever matches a filter matches the other one too, as far as their texts show: `order` is implied by `orders` and by
 * `orders failed`. False if it is not known.
 */
export function implies(filter: Filter, other: Filter): boolean {
  if (other.kind === "and") return other.parts.every((part) => implies(filter, part))
  if (filter.kind === "and") return filter.parts.some((part) => implies(part, other))
  return filter.kind === "test" && other.kind === "test" && testImplies(filter, other)
}

function testImplies(test: Test, other: Test): boolean {
  if (test.field !== other.field || test.operator !== other.operator) return false
  const [operand, ...more] = test.values
  const [known, ...others] = other.values
  if (!operand || !known || more.length > 0 || others.length > 0) return false
  return isSame(operand, known) || (test.operator === "~" && containsText(operand, known))
}

function containsText(operand: Operand, other: Operand): boolean {
  return (
    operand.kind === "text" && other.kind === "text" && operand.text.toLowerCase().includes(other.text.toLowerCase())
  )
}

function isSame(a: Operand, b: Operand): boolean {
  return a.kind === b.kind && a.text === b.text && (a.kind !== "regex" || (b.kind === "regex" && a.flags === b.flags))
}
