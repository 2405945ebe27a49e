import { chainInput } from "../capture/chain-input.ts"
import { probeLogLine, probeRole } from "../capture/probe-log.ts"
import { clean } from "../capture/redact/clean.ts"
import { SPEC_VERSIONS } from "../cni/version.ts"
import type { Host } from "./host.ts"
import { probeSettings } from "./probe-settings.ts"

/** The size of stdin is bounded only by the configuration; an echoed result must never be truncated. */
const STDIN_LIMIT_BYTES = 64 * 1024 * 1024
const STDIN_WAIT_MS = 60_000

/**
 * Chain mode. ADD replies with the previous result, so that the chain continues as if the probe were not there. Other
 * commands succeed without output: a probe that fails a DEL would prevent the DEL of the real plugins (libcni api.go,
 * DelNetworkList stops at the first error).
 */
export function probe(host: Host): void {
  const role = probeRole(host.name)
  if (role === undefined) return
  const command = host.variable("CNI_COMMAND")
  if (command !== "VERSION") host.readStdin(STDIN_LIMIT_BYTES, STDIN_WAIT_MS)
  const reply = replyOf(host, command)
  if (reply.bytes) host.replyStdin(reply.bytes.from, reply.bytes.to)
  else if (reply.text) host.reply(reply.text)
  host.exit(reply.code)
  host.afterReply(() => {
    const stdin = host.stdin()
    const settings = probeSettings(host.settings(), stdin, host.isInstalled)
    const { capture, logFile } = settings
    if (capture !== undefined) host.record({ ...settings, capture })
    if (logFile === undefined) return undefined
    const input = settings.raw ? stdin : clean(host, stdin, false).text
    const line = probeLogLine(role, { command, containerId: host.variable("CNI_CONTAINERID"), input })
    if (line === undefined || appendLine(host, logFile, line, settings.maxSizeBytes)) return undefined
    return `cnitap: cannot append to the log ${logFile}; set "logFile" to a file in an existing directory\n`
  })
}

/** Not through a symlink and not into another user's file: the directory may be writable by everyone. */
function appendLine(host: Host, path: string, line: string, limitBytes: number): boolean {
  const slash = path.lastIndexOf("/")
  if (!path.startsWith("/")) return false
  return host.append(path.slice(0, slash) || "/", path.slice(slash + 1), line, limitBytes)
}

type Reply = { code: number; text?: string; bytes?: { from: number; to: number } }

function replyOf(host: Host, command: string | undefined): Reply {
  if (command === undefined) return missing("CNI_COMMAND")
  if (command === "VERSION")
    return { code: 0, text: JSON.stringify({ cniVersion: SPEC_VERSIONS.at(-1), supportedVersions: SPEC_VERSIONS }) }
  const isAttachment = command === "ADD" || command === "DEL" || command === "CHECK"
  if (isAttachment && host.variable("CNI_CONTAINERID") === undefined) return missing("CNI_CONTAINERID")
  if (command !== "ADD") return { code: 0 }
  const { version, prevResult } = chainInput(host.stdinBytes())
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
