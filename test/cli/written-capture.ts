import { createHash } from "node:crypto"
import { appendFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { encode } from "../../src/capture/encode.ts"
import type { Begin, End } from "../../src/capture/record.ts"
import { segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"

/** A call, as far as a test cares. The pod is in the namespace shop. */
export type WrittenCall = {
  id: string
  node?: string
  pod: string
  command?: string
  plugin?: string
  network?: string
  netns?: string
  wallMs: number
  durationMs?: number
  /** message of the error object; the call fails with it */
  error?: string
  /** `details` of the error object */
  details?: string
  /** the runtime; containerd if it is not set */
  parentName?: string
  stderr?: string
  stdin?: object
  stdout?: object
  /** instead of `stdout` or `error`: any text */
  stdoutText?: string
  exitCode?: number
  /** CNI_ARGS; the default names the pod */
  args?: string
  /** what the container ID is made of; the default is the pod's name */
  container?: string
  envNames?: string[]
  /** when the node was started, milliseconds since 1970 */
  bootMs?: number
  /** without an end record */
  isOpen?: true
}

/** What containerd accepts. */
const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "eth0", sandbox: "/run/netns/cni-1" }],
  ips: [{ interface: 0, address: "10.1.0.9/24" }],
}

/** Appends the records of calls to a capture directory, as their relays would have. */
export function writeCalls(directory: string, calls: readonly WrittenCall[]): void {
  mkdirSync(directory, { recursive: true })
  for (const call of calls)
    for (const record of recordsOf(call).slice(0, call.isOpen ? 1 : 2))
      appendFileSync(join(directory, segmentName(record.wallMs)), encode(record, checksum))
}

/** The sandbox of a pod. */
export function containerOf(pod: string): string {
  return createHash("sha256").update(pod).digest("hex")
}

function recordsOf(call: WrittenCall): [Begin, End] {
  const { id, node = "n1", pod, command = "ADD", plugin = "bridge", wallMs, durationMs = 10, error } = call
  const stdin = JSON.stringify(call.stdin ?? { cniVersion: "1.0.0", name: call.network ?? "pods", type: plugin })
  const details = call.details === undefined ? {} : { details: call.details }
  const answer = error === undefined ? (call.stdout ?? RESULT) : { code: 11, msg: error, ...details }
  const stdout = call.stdoutText ?? (command === "DEL" && error === undefined ? "" : JSON.stringify(answer))
  const stderr = call.stderr ?? ""
  const clock = (at: number) => ({ wallMs: at, monoMs: at - (call.bootMs ?? Date.UTC(2026, 0, 1)) })
  return [
    {
      format: 1,
      kind: "begin",
      id,
      depth: 0,
      as: "relay",
      ...clock(wallMs),
      node,
      // Linux has no such PID.
      pid: 4_194_305,
      ppid: 10,
      parentName: call.parentName ?? "containerd",
      plugin,
      path: `/opt/cni/bin/${plugin}`,
      argv: [plugin],
      env: {
        CNI_COMMAND: command,
        CNI_CONTAINERID: containerOf(call.container ?? pod),
        CNI_NETNS: call.netns ?? "/run/netns/cni-1",
        CNI_IFNAME: "eth0",
        CNI_PATH: "/opt/cni/bin",
        CNI_ARGS: call.args ?? `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${pod}`,
      },
      envNames: call.envNames ?? ["PATH"],
      stdin: { sizeBytes: stdin.length, text: stdin },
    },
    {
      format: 1,
      kind: "end",
      id,
      ...clock(wallMs + durationMs),
      pluginPid: 1001,
      durationMs,
      spawnMs: 0.25,
      exit: { code: call.exitCode ?? (error === undefined ? 0 : 1) },
      usage: { maxRssBytes: 4096, userMs: 1, systemMs: 1 },
      stdout: { sizeBytes: stdout.length, text: stdout },
      stderr: { sizeBytes: stderr.length, text: stderr },
    },
  ]
}
