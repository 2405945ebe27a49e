import { logLine, probeLogLine, probeRole } from "../capture/probe-log.ts"
import { pythonJson } from "../capture/python-json.ts"
import type { Payload } from "../capture/record.ts"
import { type Call, isFailed } from "../model/call.ts"
import { type Operation, walk } from "../model/operation.ts"

/**
 * Operations, in the order they started, as lines of the probe log in the order they were or would have been written. If
 * probes recorded an operation, these are the lines they logged. Otherwise they are what probes at both ends of the list
 * would have logged: the first input and, after an ADD that succeeded, the last output.
 */
export async function* probeLog(operations: AsyncIterable<Operation> | Iterable<Operation>): AsyncGenerator<string> {
  let waiting: LogLine[] = []
  for await (const operation of operations) {
    // Operations overlap: a line is due when no later operation can have an earlier one.
    yield* waiting.filter(({ wallMs }) => wallMs < operation.wallMs).map(({ text }) => text)
    waiting = waiting.filter(({ wallMs }) => wallMs >= operation.wallMs)
    waiting = [...waiting, ...linesOf(operation)].sort((a, b) => a.wallMs - b.wallMs)
  }
  yield* waiting.map(({ text }) => text)
}

type LogLine = { wallMs: number; text: string }

function linesOf({ calls }: Operation): LogLine[] {
  const probes = walk(calls)
    .map(({ call }) => call)
    .filter(({ as }) => as === "probe")
  return probes.length > 0 ? probes.flatMap(loggedLine) : linesAround(calls.map(({ call }) => call))
}

function loggedLine({ plugin, env, stdin, wallMs }: Call): LogLine[] {
  const role = probeRole(plugin)
  const call = { command: env.CNI_COMMAND, containerId: env.CNI_CONTAINERID, input: textOf(stdin) }
  const text = role === undefined ? undefined : probeLogLine(role, call)
  return text === undefined ? [] : [{ wallMs, text }]
}

/** DEL runs the list backwards: the plugin that is called first is the one right before the last probe. */
function linesAround(calls: readonly Call[]): LogLine[] {
  const [first, last] = [calls[0], calls.at(-1)]
  if (!first || !last || (first.command !== "ADD" && first.command !== "DEL")) return []
  const line = (key: "input" | "output", wallMs: number, stream: Payload | undefined): LogLine => {
    const text = logLine(first.command, first.containerId ?? "", key, pythonJson(textOf(stream)))
    return { wallMs, text }
  }
  const hasResult = first.command === "ADD" && last.exit !== undefined && !isFailed(last)
  const input = line("input", first.wallMs, first.stdin)
  return hasResult ? [input, line("output", last.wallMs + (last.durationMs ?? 0), last.stdout)] : [input]
}

/** Bytes that are not valid UTF-8 are logged as base64, as the record has them. */
function textOf(stream: Payload | undefined): string {
  if (!stream) return ""
  return "text" in stream ? stream.text : stream.base64
}
