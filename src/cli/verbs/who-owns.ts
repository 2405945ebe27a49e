import { type Address, parseAddress, parsePrefix } from "../../cni/address.ts"
import { intervalOf } from "../../cni/address-interval.ts"
import { Fault } from "../../fault/fault.ts"
import { addCaptures } from "../args/captures.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { select } from "../args/selection.ts"
import { readOwners } from "../node/read-ledger.ts"
import { repeatFlagsIn } from "../render/command-text.ts"
import { ledgerTable } from "../render/ledger-table.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const whoOwns: Verb = {
  description:
    "Shows each owner with its ADD, every DEL and the files that reserve the address. Exits 1 if there is no owner.",
  examples: [
    ["cnitap who-owns 10.88.0.17", "the pods that own or owned this address"],
    ["cnitap who-owns fd00::17 -o json", "the same for IPv6, as JSON"],
  ],
  isPaged: true,
  define(command) {
    addOutput(addCaptures(command)).argument("<address>", "IPv4 or IPv6 address")
  },
  async run(context, [address], options) {
    const wanted = wantedAddress(String(address))
    const selection = await select(context, options)
    const { rows: owners, operations } = await readOwners(context, options, selection, wanted)
    const table = ledgerTable(context.nowMs(), `${address} has no owner in ${selection.capture.path}`, true)
    const found = await printRows(context, options, table, repeatFlagsIn(owners, "release", options))
    if (found === 0) context.exitCode = 1
    await reportReadErrors(context, selection, operations)
  },
}

/** An address, also with the prefix length that results have. */
function wantedAddress(text: string): Address {
  const prefix = parsePrefix(text)
  const address = prefix?.address ?? parseAddress(text)
  if (!address) throw new Fault("USAGE", `${text} is not an IP address`, "Write it as 10.1.2.3 or fd00::3.")
  // Point-to-point links have no network address: RFC 3021, RFC 6164.
  if (prefix && address.bits - prefix.length > 1 && intervalOf(prefix).first === address.value)
    throw new Fault(
      "USAGE",
      `${text} is a network, not an address`,
      `List the operations that were given its addresses with \`cnitap ls ip=${text}\`.`,
    )
  return address
}
