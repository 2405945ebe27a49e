import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { holdNamespaces } from "../node/isolated-process.ts"
import type { Stand } from "./stand.ts"

type Plugin = Readonly<Record<string, unknown>> & { type: string }

const ONE_FAMILY = { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] }
const BOTH_FAMILIES = { ...ONE_FAMILY, ranges: [...ONE_FAMILY.ranges, [{ subnet: "fd00:88::/64" }]] }
const STATIC = { type: "static", addresses: [{ address: "10.89.0.5/24", gateway: "10.89.0.1" }] }
const PORTS = { runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] } }
const LIMITS = {
  runtimeConfig: { bandwidth: { ingressRate: 1e7, ingressBurst: 1e7, egressRate: 1e7, egressBurst: 1e7 } },
}

/** Lists of the containernetworking plugins. */
export const LISTS: Record<string, Plugin[]> = {
  loopback: [{ type: "loopback" }],
  // With addresses of both families, the firewall's CHECK complains about either one at random.
  bridge: [
    { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: true, ipam: ONE_FAMILY },
    { type: "portmap", snat: true, ...PORTS },
    { type: "firewall" },
    { type: "tuning", sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" }, mtu: 1400 },
    { type: "bandwidth", ...LIMITS },
  ],
  ptp: [{ type: "ptp", ipMasq: true, ipam: BOTH_FAMILIES }, { type: "sbr" }],
  vrf: [
    { type: "ptp", ipam: BOTH_FAMILIES },
    { type: "vrf", vrfname: "blue" },
  ],
  macvlan: [{ type: "macvlan", master: "uplink", ipam: STATIC }],
  ipvlan: [{ type: "ipvlan", master: "uplink", ipam: STATIC }],
  vlan: [{ type: "vlan", master: "uplink", vlanId: 5, ipam: STATIC }],
  "host-device": [{ type: "host-device", device: "uplink", ipam: STATIC }],
  "dhcp without its daemon": [{ type: "bridge", bridge: "cni0", ipam: { type: "dhcp" } }],
  dummy: [{ type: "dummy", ipam: STATIC }],
  tap: [{ type: "tap", ipam: STATIC }],
}
/** What any kernel that runs these tests can do. */
export const ALWAYS_WORK = ["loopback", "bridge", "ptp"]

/** `call`: `ADD bridge`; `exit`: the status or the signal. */
export type Answer = { call: string; exit: number | string; stdout: string; stderr: string }

/** Carries out each list on a node of its own, with the plugins of the stand. */
export async function everyList(
  stand: Stand,
  lists: [string, Plugin[]][],
  cniVersion: string,
): Promise<Record<string, Answer[]>> {
  const answers = lists.map(async ([name, list]): Promise<[string, Answer[]]> => {
    return [name, await inNewNode((within) => carryOut(stand, list, cniVersion, within))]
  })
  return Object.fromEntries(await Promise.all(answers))
}

/** The plugins of the first ADD, up to one that failed. */
export function firstAdd(answers: readonly Answer[] = []): string {
  const adds = answers.slice(answers.findIndex(({ call }) => call.startsWith("ADD ")))
  const end = adds.findIndex(({ call, exit }) => !call.startsWith("ADD ") || exit !== 0)
  return adds
    .slice(0, end)
    .map(({ call }) => call.slice("ADD ".length))
    .join(" ")
}

/** Every call has a variable of its own, which nested calls inherit. */
let calls = 0

/** Every command in an order that a runtime may use, and then calls that a plugin must refuse. */
async function carryOut(
  stand: Stand,
  list: readonly Plugin[],
  cniVersion: string,
  within: readonly string[],
): Promise<Answer[]> {
  const answers: Answer[] = []
  const call = async (command: string, plugin: Plugin, more: object, env: Record<string, string> = {}) => {
    const stdin = JSON.stringify({ cniVersion, name: "net", ...plugin, ...more })
    const variables = {
      TRACE_CALL: String(calls++),
      CNI_CONTAINERID: "c1",
      CNI_NETNS: "/run/netns/pod",
      PATH: process.env.PATH ?? "",
      ...env,
    }
    const { stdout, stderr, code, signal } = await stand.run(plugin.type, { command, within, stdin, env: variables })
    answers.push({ call: `${command} ${plugin.type}`, exit: code ?? String(signal), stdout, stderr })
    return stdout
  }
  const forward = async (command: string, more: object) => {
    for (const plugin of list) await call(command, plugin, more)
  }
  const backward = async (command: string, more: object) => {
    for (const plugin of list.toReversed()) await call(command, plugin, more)
  }
  const attachment = { containerID: "c1", ifname: "eth0" }

  await forward("VERSION", {})
  await forward("STATUS", {})
  let result: object = {}
  for (const plugin of list) {
    const stdout = await call("ADD", plugin, result)
    if (answers.at(-1)?.exit === 0) result = { prevResult: JSON.parse(stdout) }
  }
  await forward("CHECK", result)
  await forward("GC", { "cni.dev/valid-attachments": [attachment], "cni.dev/attachments": [attachment] })
  await backward("DEL", result)
  await backward("DEL", {})
  await forward("ADD", {})
  await forward("GC", { "cni.dev/valid-attachments": [], "cni.dev/attachments": [] })
  await forward("CHECK", result)
  for (const plugin of list) {
    await call("ADD", plugin, {}, { CNI_NETNS: "/run/netns/no-such-namespace" })
    await call("DEL", plugin, {}, { CNI_NETNS: "" })
    await call("ADD", plugin, { cniVersion: "9.9.9" })
    await call("UPDATE", plugin, {})
  }
  return withoutRandomNames(answers)
}

/** Bridges, leases and iptables rules of one list do not reach the next one, nor this machine. */
async function inNewNode<T>(use: (within: readonly string[]) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), "cnitap-plugins-"))
  const { enter, end } = await holdNamespaces(root)
  try {
    const [program = "", ...options] = enter
    const links = "ip netns add pod && ip link add uplink type veth peer name peer && ip link set uplink up"
    execFileSync(program, [...options, "sh", "-c", links], { stdio: "pipe" })
    return await use(enter)
  } finally {
    await end()
    rmSync(root, { recursive: true })
  }
}

/** Hardware addresses, names of veth devices and Go's pointers numbered as they appear, and the time of a log line left out. */
function withoutRandomNames(answers: readonly Answer[]): Answer[] {
  const names = new Map<string, string>()
  const numbered = (text: string) =>
    text
      .replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d/gm, "TIME")
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b|\b(?:veth|temp|0x)[0-9a-f]+\b/g, (name) => {
        names.set(name, names.get(name) ?? `random-${names.size}`)
        return names.get(name) ?? name
      })
  return answers.map((answer) => ({ ...answer, stdout: numbered(answer.stdout), stderr: numbered(answer.stderr) }))
}
