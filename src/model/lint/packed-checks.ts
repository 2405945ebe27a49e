import type { Call } from "../call.ts"
import type { CallDigest } from "./call-digest.ts"
import { CONFIGURATION_RULES } from "./conf/lint-conf.ts"
import { type Evidence, type Finding, findingOf, type Rule } from "./finding.ts"
import { CALL_RULES, type CallCheck } from "./linter.ts"

/** Checks of operations as compact JSON: what their calls already show is left out. */
export type PackedChecks = {
  /** the different digests */
  digests: CallDigest[]
  /** by ID of the operation, one for each call in tree order */
  operations: { [id: string]: PackedCheck[] }
}

/** A position in `digests`, the addresses in the result, and the findings; the last ones are left out if there are none. */
type PackedCheck = [digest: number, ips?: readonly string[], findings?: readonly PackedFinding[]]
type PackedFinding = { rule: string; detail: string; evidence: Omit<Evidence, "call">; remedy?: string }

/** Packs the checks of several operations, besides those that are known. */
export class CheckPacker {
  readonly packed: PackedChecks
  readonly #numbers = new Map<string, number>()

  constructor(known: PackedChecks = { digests: [], operations: {} }) {
    this.packed = known
    for (const [number, digest] of known.digests.entries()) this.#numbers.set(JSON.stringify(digest), number)
  }

  add(id: string, checks: readonly CallCheck[]): void {
    this.packed.operations[id] = checks.map(({ digest, ips, findings }) => {
      const number = this.#numberOf(digest)
      if (findings.length > 0) return [number, ips, findings.map(packFinding)]
      return ips.length > 0 ? [number, ips] : [number]
    })
  }

  #numberOf(digest: CallDigest): number {
    const text = JSON.stringify(digest)
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    this.#numbers.set(text, this.packed.digests.length)
    return this.packed.digests.push(digest) - 1
  }
}

/** The checks of an operation with these calls, in tree order. Undefined if they are not those of exactly these calls. */
export function unpackChecks(
  { digests, operations }: PackedChecks,
  id: string,
  calls: readonly Call[],
): CallCheck[] | undefined {
  const packed = Object.hasOwn(operations, id) ? operations[id] : undefined
  if (packed?.length !== calls.length) return undefined
  const checks: CallCheck[] = []
  for (const [number, ips = NONE, findings = NONE] of packed) {
    const [call, digest] = [calls[checks.length], digests[number]]
    if (!call || !digest) return undefined
    const own = findings.length > 0 ? findings.flatMap((finding) => unpackFinding(finding, call, id) ?? []) : NONE
    checks.push({ digest, ips, findings: own })
  }
  return checks
}

const NONE: readonly never[] = []

function packFinding({ rule, detail, evidence: { call: _, ...evidence }, remedy }: Finding): PackedFinding {
  return { rule, detail, evidence, ...(remedy === rules().get(rule)?.remedy ? {} : { remedy }) }
}

function unpackFinding({ rule, detail, evidence, remedy }: PackedFinding, call: Call, id: string): Finding | undefined {
  const known = rules().get(rule)
  if (!known) return undefined
  return findingOf(known, call, id, {
    detail,
    evidence: { call: call.id, ...evidence },
    remedy: remedy ?? known.remedy,
  })
}

let rulesById: ReadonlyMap<string, Rule> | undefined

function rules(): ReadonlyMap<string, Rule> {
  rulesById ??= new Map([...CALL_RULES, ...CONFIGURATION_RULES].map((rule) => [rule.id, rule]))
  return rulesById
}
