import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

export type NetworkList = { cniVersion: string; name: string; plugins: Record<string, unknown>[] }

/** One attachment, as a runtime passes it to libcni. `timeoutMs`: the deadline of each operation. */
export type RuntimeConf = {
  containerId: string
  netns: string
  ifname: string
  args: string
  capabilities?: Record<string, unknown>
  timeoutMs?: number
}

const BIN_DIR = "/opt/cni/bin"
const CACHE_DIR = "/var/lib/cni/results"

/** As AddNetworkList of libcni 1.1: the plugins in order, each with the result of the one before; throws its error. */
export async function addNetworkList(list: NetworkList, conf: RuntimeConf): Promise<Record<string, unknown>> {
  const deadlineMs = deadlineOf(conf)
  let result: Record<string, unknown> | undefined
  for (const plugin of list.plugins) {
    const stdout = await execPlugin("ADD", "add", list, plugin, conf, result, deadlineMs)
    try {
      result = JSON.parse(stdout) as Record<string, unknown>
    } catch (error) {
      throw new Error(`plugin type="${plugin.type}" failed (add): failed to unmarshal raw result: ${messageOf(error)}`)
    }
  }
  mkdirSync(CACHE_DIR, { recursive: true })
  const { containerId, ifname, netns } = conf
  const cached = { kind: "cniCacheV1", containerId, ifName: ifname, networkName: list.name, netns, result }
  writeFileSync(cacheFile(list, conf), JSON.stringify(cached))
  return result ?? {}
}

/** As DelNetworkList: backwards, each with the cached result, until the first error. */
export async function delNetworkList(list: NetworkList, conf: RuntimeConf): Promise<void> {
  const deadlineMs = deadlineOf(conf)
  const cache = cacheFile(list, conf)
  const result = existsSync(cache) ? JSON.parse(readFileSync(cache, "utf8")).result : undefined
  for (const plugin of list.plugins.toReversed())
    await execPlugin("DEL", "delete", list, plugin, conf, result, deadlineMs)
  rmSync(cache, { force: true })
}

async function execPlugin(
  command: string,
  verb: string,
  { cniVersion, name }: NetworkList,
  plugin: Record<string, unknown>,
  conf: RuntimeConf,
  prevResult: Record<string, unknown> | undefined,
  deadlineMs: number,
): Promise<string> {
  const type = String(plugin.type)
  const path = join(BIN_DIR, type)
  const failed = (text: string) => new Error(`plugin type="${type}" failed (${verb}): ${text}`)
  if (!existsSync(path)) throw failed(`failed to find plugin "${type}" in path [${BIN_DIR}]`)
  const runtimeConfig = Object.fromEntries(
    Object.keys((plugin.capabilities as object | undefined) ?? {}).flatMap((capability) => {
      const value = conf.capabilities?.[capability]
      return value === undefined ? [] : [[capability, value]]
    }),
  )
  const input = {
    ...plugin,
    cniVersion,
    name,
    ...(Object.keys(runtimeConfig).length > 0 ? { runtimeConfig } : {}),
    ...(prevResult ? { prevResult } : {}),
  }
  const env = {
    PATH: process.env.PATH,
    CNI_COMMAND: command,
    CNI_CONTAINERID: conf.containerId,
    CNI_NETNS: conf.netns,
    CNI_IFNAME: conf.ifname,
    CNI_ARGS: conf.args,
    CNI_PATH: BIN_DIR,
  }
  const child = spawn(path, { env, stdio: "pipe" })
  const killer = setTimeout(() => child.kill("SIGKILL"), Math.max(0, deadlineMs - Date.now()))
  child.stdin.on("error", () => {})
  child.stdin.end(sortedJson(input))
  const [stdout, stderr, exit] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<string>((resolve, reject) => {
      child.on("error", reject)
      child.on("close", (code, signal) =>
        resolve(code === 0 ? "" : signal ? `signal: ${GO_SIGNALS[signal] ?? signal}` : `exit status ${code}`),
      )
    }),
  ])
  clearTimeout(killer)
  if (exit === "") return stdout
  if (stdout === "" && stderr === "") throw failed(`netplugin failed with no error message: ${exit}`)
  if (stdout === "") throw failed(`netplugin failed: ${JSON.stringify(stderr)}`)
  try {
    const { msg = "", details } = JSON.parse(stdout) as { msg?: string; details?: string }
    throw failed(details ? `${msg}; ${details}` : msg)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw failed(
      `netplugin failed but error parsing its diagnostic message ${JSON.stringify(stdout)}: ${error.message}`,
    )
  }
}

const GO_SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGSEGV: "segmentation fault",
}

function deadlineOf({ timeoutMs = 240_000 }: RuntimeConf): number {
  return Date.now() + timeoutMs
}

function cacheFile({ name }: NetworkList, { containerId, ifname }: RuntimeConf): string {
  return join(CACHE_DIR, `${name}-${containerId}-${ifname}`)
}

/** A plugin gets its configuration as Go marshals a map: with sorted keys, without blanks. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ""
  for await (const chunk of stream.setEncoding("utf8")) text += chunk
  return text
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
