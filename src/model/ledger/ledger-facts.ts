import type { Payload } from "../../capture/record.ts"
import { isObject } from "../../cni/json.ts"
import { type Call, isFailed, jsonObject, resultOf } from "../call.ts"
import { addressesOf } from "../result/result-fields.ts"

/** What the ledger reads of the streams of a call. */
export type LedgerFacts = {
  /** of an ADD: the addresses in its result, without loopback addresses, which every pod has */
  ips(call: Call): readonly string[]
  /** of a DEL: the addresses in the result that it was given */
  ipsBefore(call: Call): readonly string[]
  /** whether the plugin did not know the version of its configuration, and therefore did nothing */
  refusesVersion(call: Call): boolean
  /** host-local's directory, if the configuration names one */
  dataDir(call: Call): string | undefined
}

/** How to get the streams of a call that was loaded without them; called only for the calls that need it. */
export type StreamSource = { stdin(call: Call): Payload | undefined; stdout(call: Call): Payload | undefined }

export function ledgerFactsIn(streams: StreamSource): LedgerFacts {
  return {
    ips(call) {
      const { as, command } = call
      const own = as === "probe" ? { stdin: streams.stdin(call) } : { stdout: streams.stdout(call) }
      return withoutLoopback(addressesOf(resultOf({ as, command, ...own })))
    },
    ipsBefore: (call) => withoutLoopback(addressesOf(asObject(jsonObject(streams.stdin(call))?.prevResult))),
    refusesVersion(call) {
      if (call.state !== "ended" || !isFailed(call)) return false
      const error = jsonObject(streams.stdout(call))
      // Code 1 of the specification.
      return error?.code === 1 && /\bversion/i.test(String(error.msg))
    },
    // Of a call that was loaded without streams, the index knows the directory.
    dataDir({ plugin, stdin }) {
      const dataDir = plugin === "host-local" ? asObject(jsonObject(stdin)?.ipam)?.dataDir : undefined
      return typeof dataDir === "string" ? dataDir : undefined
    },
  }
}

export const LEDGER_FACTS_IN_STREAMS = ledgerFactsIn({ stdin: ({ stdin }) => stdin, stdout: ({ stdout }) => stdout })

function withoutLoopback(ips: string[]): string[] {
  return ips.filter((ip) => !ip.startsWith("127.") && ip !== "::1")
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined
}
