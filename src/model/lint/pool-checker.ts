import { type Prefix, parseAddress, parsePrefix } from "../../cni/address.ts"
import { hostLocalRangeSets } from "../../cni/host-local.ts"
import type { Call } from "../call.ts"
import { type JsonObject, locate, text, wholeText } from "./call-facts.ts"
import type { CallHit } from "./finding.ts"

/** A range from which host-local assigns addresses. `pool`: who shares its store; `link`: who shares its routes. */
type PoolRange = {
  node: string | undefined
  pool: string
  link: string
  network: string
  subnet: string
  bits: number
  from: bigint
  to: bigint
  call: string
}

/** Two networks of a node with the same addresses: host-local keeps them apart within one store and one network only. */
export class PoolChecker {
  readonly #ranges: PoolRange[] = []
  readonly #seen = new Set<string>()

  /**
   * A hit for each range of a call's configuration from which an earlier call of another network also assigns addresses.
   * `config`: `pool` of the call's digest.
   */
  check(call: Call, config: JsonObject | undefined): ((whole: Call) => CallHit)[] {
    if (!config) return []
    const fresh = rangesOf(call, config).filter(({ node, pool, subnet }) => {
      const key = [node, pool, subnet].join("\n")
      return this.#seen.size < this.#seen.add(key).size
    })
    return fresh.flatMap((range) => {
      const other = this.#ranges.find((one) => isShared(one, range))
      this.#ranges.push(range)
      if (!other) return []
      const detail = `${range.subnet} of ${range.network}, and ${other.subnet} of ${other.network} (call ${other.call})${config.bridge === undefined ? "" : ` on ${text(config.bridge)}`}`
      return [({ stdin }) => ({ detail, ...locate("stdin", wholeText(stdin), range.subnet) })]
    })
  }
}

function isShared(one: PoolRange, other: PoolRange): boolean {
  return (
    one.node === other.node &&
    one.pool !== other.pool &&
    one.link === other.link &&
    one.bits === other.bits &&
    one.from <= other.to &&
    other.from <= one.to
  )
}

function rangesOf(call: Call, config: JsonObject): PoolRange[] {
  const { ipam } = config
  return hostLocalRangeSets(ipam)
    .flat()
    .flatMap(({ range }) => {
      const subnet = text(range.subnet)
      const prefix = parsePrefix(subnet)
      if (!prefix) return []
      const network = text(config.name)
      const dataDir = text((ipam as Record<string, unknown>).dataDir)
      return [
        {
          node: call.node,
          pool: `${dataDir}\n${network}`,
          link: linkOf(config),
          network,
          subnet,
          bits: prefix.address.bits,
          ...boundsOf(prefix, text(range.rangeStart), text(range.rangeEnd)),
          call: call.id,
        },
      ]
    })
}

/** The node routes to bridges and to point-to-point links itself; other links are separate networks unless they share a master. */
function linkOf({ type, master, vlan }: Record<string, unknown>): string {
  return type === "bridge" || type === "ptp" ? "node" : [text(type), text(master), String(vlan ?? "")].join("\n")
}

function boundsOf({ address, length }: Prefix, start: string, end: string): { from: bigint; to: bigint } {
  const hostBits = BigInt(address.bits - length)
  const base = (address.value >> hostBits) << hostBits
  return {
    from: parseAddress(start)?.value ?? base,
    to: parseAddress(end)?.value ?? base + (1n << hostBits) - 1n,
  }
}
