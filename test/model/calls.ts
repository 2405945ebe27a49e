import type { Payload } from "../../src/capture/record.ts"
import type { Call } from "../../src/model/call.ts"
import { type Operation, toOperations } from "../../src/model/operation.ts"

export const T0 = Date.UTC(2026, 8, 21, 3, 0, 0)

/** Overrides of the default call, a successful ADD of eth0 for the pod shop/web-1. */
export type CallProps = Partial<Omit<Call, "stdin" | "stdout" | "stderr">> & {
  /** milliseconds after T0 */
  at?: number
  stdin?: unknown
  stdout?: unknown
  stderr?: string
}

/** The plugin is named like the call unless `plugin` is set. Streams that are not text are written as JSON. */
export function call(id: string, { at = 0, stdin, stdout, stderr, ...more }: CallProps = {}): Call {
  const { state = "ended", plugin = id, command = "ADD", exit = { code: 0 } } = more
  const isAdd = command === "ADD" && "code" in exit && exit.code === 0
  return {
    id,
    depth: more.parent ? 1 : 0,
    as: "relay",
    pid: 100,
    ppid: 1,
    parentName: "containerd",
    plugin,
    path: `/opt/cni/bin/${plugin}`,
    argv: [`/opt/cni/bin/${plugin}`],
    env: {},
    envNames: [],
    command: "ADD",
    containerId: "c0ffee",
    netns: "/var/run/netns/cni-1",
    ifname: "eth0",
    pod: { namespace: "shop", name: "web-1" },
    network: "pods",
    cniVersion: "1.0.0",
    wallMs: T0 + at,
    monoMs: 1000 + at,
    stdin: payload(stdin ?? { cniVersion: "1.0.0", name: "pods", type: plugin }),
    ...(state === "ended"
      ? {
          exit: { code: 0 },
          durationMs: 10,
          spawnMs: 1,
          stdout: payload(stdout ?? (isAdd ? { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] } : "")),
          stderr: payload(stderr ?? ""),
        }
      : {}),
    state,
    ...more,
  }
}

/** A call recorded by a probe, which has no end. `prevResult`: the result of the plugins before it. */
export function probe(id: string, { prevResult, ...props }: CallProps & { prevResult?: object } = {}): Call {
  const plugin = props.plugin ?? id
  const stdin = { cniVersion: "1.0.0", name: "pods", type: plugin, ...(prevResult ? { prevResult } : {}) }
  const {
    exit: _exit,
    durationMs: _durationMs,
    spawnMs: _spawnMs,
    stdout: _stdout,
    stderr: _stderr,
    ...begin
  } = call(id, { stdin, ...props })
  return { ...begin, as: "probe" }
}

export function payload(value: unknown): Payload {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return { sizeBytes: text.length, text }
}

/** The only operation of these calls. */
export function operation(...calls: Call[]): Operation {
  const [only, ...others] = toOperations(calls)
  if (!only || others.length > 0) throw new RangeError(`${others.length + 1} operations, not one`)
  return only
}
