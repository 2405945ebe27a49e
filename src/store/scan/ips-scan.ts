/** `"ips":[...]` of a result, which is JSON inside a JSON string: what is nested in it are no arrays. */
const IPS = /\\"ips\\":\s*(?:\\[nt]|\s)*\[([^\]]*)\]/
const ADDRESS = /\\"address\\":(?:\\[nt]|\s)*\\"([0-9a-fA-F.:]+)/g

/** Addresses of a result without their prefix length, found without parsing it. */
export function scanIps(streams: string): string[] {
  const [, list = ""] = IPS.exec(streams) ?? []
  return Array.from(list.matchAll(ADDRESS), ([, address = ""]) => Buffer.from(address).toString())
}
