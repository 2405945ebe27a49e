import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import type { ReviewAnswer, ServerEvent } from "../src/serve/protocol.ts"

/** Milliseconds since the start of the process: until a page has what it names, and the processor time up to then. */
export type StartTimes = {
  /** operations for its first screen */
  firstPageMs: number
  /** all operations */
  completeMs: number
  completeCpuMs: number
  /** the first findings; absent if there are none before all are complete */
  firstFindingMs?: number
  /** all findings and the ledger */
  reviewedMs: number
  reviewedCpuMs: number
  peakBytes: number
}

const FIRST_SCREEN = 100

export type Server = { url: string; process: ChildProcess }

/** The directory `/capture` below the root; nothing of this machine is read. */
export async function startServer(root: string): Promise<Server> {
  const child = spawn(
    process.execPath,
    ["dist/cnitap.js", "serve", "--listen", "127.0.0.1:0", "--capture", "/capture", "--root", root],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve({ url: String(data).trim(), process: child }))
    child.once("exit", (status) => reject(new Error(`serve ended with ${status}`)))
  })
}

/** Starts a server, asks it what a page asks, and ends it. */
export async function measureStart(root: string): Promise<StartTimes> {
  const startMs = performance.now()
  const server = await startServer(root)
  try {
    const sinceStart = () => performance.now() - startMs
    // The overview asks for both at once.
    const [operations, review] = await Promise.all([readOperations(server, sinceStart), readReview(server, sinceStart)])
    const status = readFileSync(`/proc/${server.process.pid}/status`, "latin1")
    return { ...operations, ...review, peakBytes: 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) }
  } finally {
    server.process.kill("SIGTERM")
    await once(server.process, "exit")
  }
}

async function readOperations(server: Server, sinceStart: () => number) {
  const answer = await get(server, "/api/events")
  let [known, firstPageMs] = [0, 0]
  for await (const event of eventsOf(answer)) {
    if (event.kind === "operations") {
      for (const first of event.batch.first) known += first
      if (!firstPageMs && known >= FIRST_SCREEN) firstPageMs = sinceStart()
    }
    if (event.kind === "ready")
      return { firstPageMs: firstPageMs || sinceStart(), completeMs: sinceStart(), completeCpuMs: cpuMs(server) }
  }
  throw new Error("the server closed the events")
}

async function readReview(server: Server, sinceStart: () => number) {
  for (let found: { firstFindingMs?: number } = {}; ; await sleep(20)) {
    const review = (await (await get(server, "/api/review")).json()) as ReviewAnswer
    if (review.isComplete) return { ...found, reviewedMs: sinceStart(), reviewedCpuMs: cpuMs(server) }
    if (review.rules.length > 0) found.firstFindingMs ??= sinceStart()
  }
}

/** The events of a page that stays connected only as long as they are read. */
async function* eventsOf({ body }: Response): AsyncGenerator<ServerEvent> {
  if (!body) throw new Error("the server sends no events")
  let text = ""
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const messages = (text + piece).split("\n\n")
    text = messages.pop() ?? ""
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data !== undefined && !/^event: mark$/m.test(message)) yield JSON.parse(data) as ServerEvent
    }
  }
}

async function get({ url }: Server, path: string): Promise<Response> {
  const { origin, hash } = new URL(url)
  const answer = await fetch(origin + path, { headers: { Authorization: `Bearer ${hash.replace("#token=", "")}` } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return answer
}

/** User and system time of the process. */
function cpuMs({ process: { pid } }: Server): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return 10 * (Number(fields[11]) + Number(fields[12]))
}
