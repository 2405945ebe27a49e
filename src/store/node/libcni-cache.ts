import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { isObject } from "../../cni/json.ts"
import type { CachedResult } from "../../model/ledger/node-ledger.ts"
import { addressesOf } from "../../model/result/result-fields.ts"
import { namesIn } from "../capture/directory.ts"

/** libcni's cache of results for DEL and CHECK, as containerd, CRI-O and podman configure it. */
export const DEFAULT_CACHE_DIR = "/var/lib/cni/results"

/** Reads libcni's result cache (libcni/api.go, kind `cniCacheV1`). Empty if it does not exist. */
export async function readCache(directory: string): Promise<CachedResult[]> {
  const found: CachedResult[] = []
  for (const name of await namesIn(directory)) {
    const path = join(directory, name)
    const content = await readFile(path, "utf8").catch(() => undefined)
    if (content !== undefined) found.push(toCached(path, content))
  }
  return found
}

function toCached(path: string, content: string): CachedResult {
  if (content.trim() === "") return { path, ips: [], broken: "the cache file is empty" }
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    return { path, ips: [], broken: "the cache file is not JSON" }
  }
  if (!isObject(value)) return { path, ips: [], broken: "the cache file is not a JSON object" }
  // libcni before 0.8 wrote the result without an envelope.
  if (value.kind !== "cniCacheV1") return { path, ips: addressesOf(value) }
  const { networkName, containerId, ifName, result } = value
  const netns = value.netns ?? sandboxOf(result)
  return {
    path,
    ips: isObject(result) ? addressesOf(result) : [],
    ...(typeof networkName === "string" ? { network: networkName } : {}),
    ...(typeof containerId === "string" ? { containerId } : {}),
    ...(typeof ifName === "string" ? { ifname: ifName } : {}),
    ...(typeof netns === "string" && netns ? { netns } : {}),
  }
}

/** libcni has cached the network namespace since 1.2; before that, the results of most plugins contain it. */
function sandboxOf(result: unknown): string | undefined {
  const interfaces: unknown[] = isObject(result) && Array.isArray(result.interfaces) ? result.interfaces : []
  for (const entry of interfaces) {
    // The AWS VPC CNI stores other values in this field.
    if (isObject(entry) && typeof entry.sandbox === "string" && entry.sandbox.startsWith("/")) return entry.sandbox
  }
  return undefined
}
