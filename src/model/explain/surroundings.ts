import { isAbandoned } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { reportOf } from "../result/runtime-report.ts"
import { resultAddresses } from "./error-text.ts"
import type { NodeEvidence } from "./node-evidence.ts"
import { type PluginList, PluginLists, withCurrentList } from "./plugin-lists.ts"
import { refusedAddressOf } from "./requested-address.ts"

/** Plugin lists are learnt from operations of the hours around; from the whole capture only if those do not suffice. */
export const AROUND_MS = 2 * 3_600_000

/** What operations around others show about them; they are added in the order they began, without streams. */
export class Surroundings {
  readonly #lists = new PluginLists()
  readonly #abandoned: Operation[] = []

  add(operation: Operation): void {
    this.#lists.add(operation)
    if (operation.calls.some(({ call }) => isAbandoned(call))) this.#abandoned.push(operation)
  }

  /** Whether the plugin list of one of them is known. */
  suffice(related: readonly Operation[]): boolean {
    return related.some((operation) => this.#lists.of(operation) !== undefined)
  }

  /** The list as the node has it now is known exactly; the one that other operations show is older, and may be a part of it. */
  listOf(operation: Operation, related: readonly Operation[], node: NodeEvidence | undefined): PluginList | undefined {
    const learned = this.#lists.of(operation, related)
    return node?.list ? withCurrentList(learned, node.list, operation) : learned
  }

  /** How many other operations the same runtime process abandoned when it abandoned this one. */
  abandonedWith(operation: Operation): number {
    const ended = ({ wallMs, durationMs = 0 }: Operation) => wallMs + durationMs
    const parent = operation.calls[0]?.call.ppid
    return this.#abandoned.filter(
      (other) =>
        other.id !== operation.id &&
        other.node === operation.node &&
        other.calls[0]?.call.ppid === parent &&
        Math.abs(ended(other) - ended(operation)) < SAME_END_MS,
    ).length
  }
}

/** A runtime that ends leaves all its operations within this time. */
const SAME_END_MS = 10_000

/** The addresses of an ADD that other containers may also have: those that it was given, or the one that it requested. */
export function questionableAddresses(operation: Operation): string[] {
  if (operation.command !== "ADD") return []
  const refused = refusedAddressOf(operation)
  return operation.outcome === "ok" ? resultAddresses(operation) : refused ? [refused] : []
}

/** Whether it failed because no address was free. */
export function isPoolExhausted({ calls }: Operation): boolean {
  return walk(calls).some(({ call }) => {
    const report = reportOf(call)
    return (
      report.kind === "failure" && /no (?:ip addresses available|available addresses|free ip)/i.test(report.message)
    )
  })
}
