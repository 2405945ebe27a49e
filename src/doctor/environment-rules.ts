import { readProcesses } from "../install/detect/read-processes.ts"
import type { NodeHit, NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** The kernel's limit of one argument or variable (MAX_ARG_STRLEN, 32 pages). */
const MAX_STRING_BYTES = 128 * 1024
/** Arguments and environment together may take a quarter of the stack limit, from 128 KiB to 6 MiB (fs/exec.c). */
const LEAST_TOTAL_BYTES = 128 * 1024
const MOST_TOTAL_BYTES = 6 * 1024 * 1024
/** What libcni adds for a call: variables of a few hundred bytes, CNI_ARGS of a pod with long names. */
const CALL_BYTES = 4096
const POINTER_BYTES = 8
/** An entry that is repeated this often is not there on purpose. */
const MANY = 20

/** Programs that a runtime starts and that go on running: they have a copy of the environment that it has by then. */
const STARTED = /^(?:containerd-shim|conmon)/

export const ENVIRONMENT_RULES: NodeRule[] = [
  {
    id: "environment-too-large",
    severity: "error",
    title: "the environment of the runtime is too large, or grows until no plugin can be started",
    check: (node) => {
      const { facts, files } = node
      const { runtime } = facts
      if (runtime?.pid === undefined) return []
      // /proc/PID/environ has the environment that a process was started with. What the runtime added later shows in
      // the processes that it starts.
      const pids = [runtime.pid, ...readProcesses(files).flatMap(({ pid, name }) => (STARTED.test(name) ? [pid] : []))]
      const [largest] = pids
        .flatMap((pid) => environmentOf(node, pid) ?? [])
        .sort((a, b) => b.totalBytes - a.totalBytes)
      return largest ? sizeHits(largest, runtime.name, runtime.pathSetting.restart) : []
    },
  },
]

type Environment = { file: string; entries: string[]; totalBytes: number; limitBytes: number }

function environmentOf({ files }: NodeSnapshot, pid: number): Environment | undefined {
  const file = `/proc/${pid}/environ`
  const text = files.bytes(file)?.toString("latin1")
  if (text === undefined) return undefined
  const entries = text.split("\0").filter((entry) => entry !== "")
  const stack = Number(/^Max stack size +(\d+)/m.exec(files.text(`/proc/${pid}/limits`) ?? "")?.[1] ?? Infinity)
  return {
    file,
    entries,
    totalBytes: text.length + entries.length * POINTER_BYTES,
    limitBytes: Math.max(LEAST_TOTAL_BYTES, Math.min(stack / 4, MOST_TOTAL_BYTES)),
  }
}

function sizeHits({ file, entries, totalBytes, limitBytes }: Environment, runtime: string, restart: string): NodeHit[] {
  const [longest = ""] = [...entries].sort((a, b) => b.length - a.length)
  const name = longest.split("=")[0] ?? ""
  const isString = longest.length > MAX_STRING_BYTES - CALL_BYTES
  const isFull = isString || totalBytes > limitBytes - CALL_BYTES
  const repeated = repeatedEntry(entries)
  if (!isFull && repeated === undefined) return []
  const size = isString
    ? `${name} has ${longest.length} bytes, and the kernel allows ${MAX_STRING_BYTES} for one variable`
    : `the environment has ${totalBytes} bytes, and the kernel allows ${limitBytes} with the arguments`
  const again = repeated ? `; ${repeated.entry} is in PATH ${repeated.count} times` : ""
  return [
    {
      detail: `${size}${again}${isFull ? "; no plugin can be started, so no call is recorded either" : ""}`,
      evidence: [file],
      remedy: `Restart the runtime: ${restart}; then update what adds the entry to the environment of ${runtime} (an NRI client does for each pod).`,
      ...(isFull ? {} : { severity: "warning" as const }),
    },
  ]
}

function repeatedEntry(entries: readonly string[]): { entry: string; count: number } | undefined {
  const path = entries.find((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? ""
  const counts = new Map<string, number>()
  for (const entry of path.split(":")) counts.set(entry, (counts.get(entry) ?? 0) + 1)
  const [most] = [...counts].sort(([, a], [, b]) => b - a)
  return most && most[1] >= MANY ? { entry: most[0], count: most[1] } : undefined
}
