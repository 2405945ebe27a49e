import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseAddress } from "../../cni/address.ts"
import type { Reservation } from "../../model/ledger/node-ledger.ts"
import { namesIn } from "../capture/directory.ts"

/** Where host-local keeps its addresses unless `dataDir` says another place. */
export const DEFAULT_DATA_DIR = "/var/lib/cni/networks"

/**
 * Reads host-local's store: a directory a network, a file an address, which holds the container ID and, since 0.7, the
 * interface on a second line. Empty where there is no store.
 */
export async function readReservations(dataDir: string): Promise<Reservation[]> {
  const found: Reservation[] = []
  for (const network of await namesIn(dataDir)) {
    const directory = join(dataDir, network)
    const names = await readdir(directory).catch(() => [])
    // Beside the addresses lie `lock` and `last_reserved_ip.0`.
    for (const ip of names.filter((name) => parseAddress(name))) {
      const path = join(directory, ip)
      // An address may be released between the listing and the look.
      const content = await readFile(path, "utf8").catch(() => undefined)
      const [containerId = "", ifname] = content?.split(/\r?\n/).map((line) => line.trim()) ?? []
      if (content !== undefined) found.push({ network, ip, containerId, path, ...(ifname ? { ifname } : {}) })
    }
  }
  return found
}
