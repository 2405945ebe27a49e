import { scanJson } from "../capture/json-scan.ts"
import { redact } from "../capture/redact.ts"
import { SPEC_VERSIONS, VERSION_WHEN_MISSING } from "../cni/version.ts"
import type { RelayConfig } from "./config.ts"
import type { Host } from "./host.ts"
import { beginRecord, record } from "./journal.ts"
import type { Nesting } from "./nesting.ts"

export type ProbeRole = "pre" | "post"

/** The article's two plugins are this same executable under these names. */
export function probeOf(name: string): ProbeRole | undefined {
  if (name === "cni_pre") return "pre"
  return name === "cni_post" ? "post" : undefined
}

/** libcni's stdin is bounded only by what it was configured with; an echo must never be cut. */
const STDIN_LIMIT_BYTES = 64 * 1024 * 1024
const STDIN_WAIT_MS = 60_000

/**
 * Chain mode. ADD answers with what it was given, so that the chain goes on as if the probe were not there; the
 * other commands answer nothing and succeed, because a probe that fails a DEL keeps the real plugins from theirs
 * (libcni api.go DelNetworkList stops at the first error).
 */
export function probe(host: Host, role: ProbeRole, config: RelayConfig | undefined, nesting: Nesting): void {
  const command = host.variable("CNI_COMMAND")
  if (command !== "VERSION") host.readStdin(STDIN_LIMIT_BYTES, STDIN_WAIT_MS)
  const reply = replyOf(host, command)
  if (reply.bytes) host.writeStdin(1, reply.bytes.from, reply.bytes.to)
  else if (reply.text) host.write(1, reply.text)
  host.exit(reply.code)
  if (config === undefined) return
  record(host, config, beginRecord(host, config, host.randomId(), "probe", nesting))
  if (config.logFile !== undefined) writeArticleLine(host, config, config.logFile, role, command)
}

type Reply = { code: number; text?: string; bytes?: { from: number; to: number } }

function replyOf(host: Host, command: string | undefined): Reply {
  if (command === undefined) return missing("CNI_COMMAND")
  if (command === "VERSION")
    return { code: 0, text: JSON.stringify({ cniVersion: SPEC_VERSIONS.at(-1), supportedVersions: SPEC_VERSIONS }) }
  const isAttachment = command === "ADD" || command === "DEL" || command === "CHECK"
  if (isAttachment && !host.variable("CNI_CONTAINERID")) return missing("CNI_CONTAINERID")
  if (command !== "ADD") return { code: 0 }
  const { version, prevResult } = chainInput(host.latin1(0))
  if (prevResult) return { code: 0, bytes: prevResult }
  return { code: 0, text: JSON.stringify({ cniVersion: version }) }
}

/** Error code 4: invalid necessary environment variables (SPEC section 5, "Error"). */
function missing(name: string): Reply {
  return {
    code: 1,
    text: JSON.stringify({
      cniVersion: SPEC_VERSIONS.at(-1),
      code: 4,
      msg: `required env variables [${name}] missing`,
    }),
  }
}

/** Positions are bytes: the text has one character for each byte of stdin. */
function chainInput(latin1: string): { version: string; prevResult?: { from: number; to: number } } {
  let version: string = VERSION_WHEN_MISSING
  let result: { from: number; to: number } | undefined
  scanJson(
    latin1,
    (node) => {
      const isTop = node.path.length === 1
      if (isTop && node.path[0] === "cniVersion" && node.kind === "string")
        version = latin1.slice(node.from + 1, node.to - 1)
      return node.path.length === 0
    },
    (closed) => {
      if (closed.path.length === 1 && closed.path[0] === "prevResult") result = { from: closed.from, to: closed.to }
    },
  )
  return { version, ...(result ? { prevResult: result } : {}) }
}

/** The article's own lines, `input={...}` and `output={...}`, each one append. */
function writeArticleLine(
  host: Host,
  config: RelayConfig,
  logFile: string,
  role: ProbeRole,
  command: string | undefined,
): void {
  const slash = logFile.lastIndexOf("/")
  const containerId = host.variable("CNI_CONTAINERID")
  const line =
    command === undefined
      ? "env CNI_COMMAND not found\n"
      : containerId === undefined
        ? "env CNI_CONTAINERID not found\n"
        : articleLine(host, config, role, command, containerId)
  const [directory, file] = [logFile.slice(0, slash) || "/", logFile.slice(slash + 1)]
  if (line !== undefined) host.append(directory, file, line, false, config.capBytes)
}

function articleLine(
  host: Host,
  config: RelayConfig,
  role: ProbeRole,
  command: string,
  containerId: string,
): string | undefined {
  const isOutput = role === "post" && command === "ADD"
  const isLogged = command === "ADD" || (role === "post" && command === "DEL")
  if (!isLogged) return undefined
  const input = host.text(0) ?? host.latin1(0)
  const whole = oneLine(config.raw ? input : redact(input).text)
  const { prevResult } = chainInput(whole)
  const shown = isOutput && prevResult ? whole.slice(prevResult.from, prevResult.to) : whole
  return `CNI_COMMAND=${command},CNI_CONTAINERID=${containerId},${isOutput ? "output" : "input"}=${shown}\n`
}

/** Raw newlines can only stand between JSON tokens; a log line has none. */
function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .join(" ")
    .trim()
}
