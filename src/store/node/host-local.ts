import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseAddress } from "../../cni/address.ts"
import type { Reservation } from "../../model/ledger/node-ledger.ts"
import { namesIn } from "../capture/directory.ts"

/** Store of host-local if its configuration has no `dataDir`. */
export const DEFAULT_DATA_DIR = "/var/lib/cni/networks"

/**
 * Reads host-local's store: one directory per network, one file per address. A file contains the container ID and, since
 * host-local 0.7, the interface name on a second line. Empty if there is no store.
 */
export async function readStore(dataDir: string): Promise<{ networks: string[]; reservations: Reservation[] }> {
  const found: Reservation[] = []
  const networks: string[] = []
  for (const network of await namesIn(dataDir)) {
    const directory = join(dataDir, network)
    const names = await readdir(directory).catch(() => undefined)
    if (names === undefined) continue
    networks.push(network)
    // Other files in it: `lock`, `last_reserved_ip.0`.
    for (const ip of names.filter((name) => parseAddress(name))) {
      const path = join(directory, ip)
      // An address may be released after it was listed.
      const content = await readFile(path, "utf8").catch(() => undefined)
      const [containerId = "", ifname] = content?.split(/\r?\n/).map((line) => line.trim()) ?? []
      if (content !== undefined) found.push({ network, ip, containerId, path, ...(ifname ? { ifname } : {}) })
    }
  }
  return { networks, reservations: found }
}
