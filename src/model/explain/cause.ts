import { type Call, hasFailedExit, isAbandoned, jsonObject, textOf } from "../call.ts"
import { duration, exitText } from "../format.ts"
import type { Operation } from "../operation.ts"
import { waitPredicate } from "../process-wait.ts"
import { splitDocuments } from "../result/document.ts"
import { reportOf } from "../result/runtime-report.ts"
import { abbreviate, errorOf, errorTextOf, isPanic, messageOf, mostRelevantLine, writtenSoFar } from "./error-text.ts"
import { type FailingCall, isOutlived, nameOf } from "./failing-call.ts"
import { findingOfAnswer, refusedText, sentenceOf } from "./refused-answer.ts"
import { isAtLimit, ranAtMostMs, requestLimitMs } from "./related-operations.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** What failed first, or is in flight, and what its callers made of it. */
export function causeOf(operation: Operation, failing: FailingCall | undefined, context: ExplainContext): Statement[] {
  if (!failing) return []
  const { call, top } = failing
  const plugin = nameOf(failing)
  const evidence = { call: call.id }
  if (isOutlived(failing))
    return [{ topic: "first failure", text: `${plugin}: ${outlivedText(failing, operation, context)}`, ...evidence }]
  if (isAbandoned(top)) {
    const text = `${top.plugin} wrote its answer after ${duration(top.durationMs)}, and nobody read it (SIGPIPE)`
    return [{ topic: "first failure", text, call: top.id }]
  }
  if (call.state === "running") {
    const text = `${plugin}: started but has not ended (pid ${call.pid})${waitingText(call, context)}${writtenText(call)}`
    return [{ topic: "in flight", text: `${text}${limitText(operation, context)}`, ...evidence }]
  }
  if (call.state === "killed") {
    const text = `${plugin}: ${killedText(operation, context)}${writtenText(call)}`
    return [{ topic: "first failure", text, ...evidence }]
  }
  if (call.state === "unknown") {
    const text = `${plugin}: started, but no end was recorded${writtenText(call)}`
    return [{ topic: "first failure", text, ...evidence }]
  }
  const first: Statement = {
    topic: "first failure",
    text: `${plugin}: ${failureText(call, operation, context)}`,
    ...evidence,
  }
  const further = furtherErrors(call).map(
    (line): Statement => ({ topic: "reported by", text: `${call.plugin}: ${line}`, ...evidence }),
  )
  if (call === top || operation.outcome !== "failed" || messageOf(top) === messageOf(call)) return [first, ...further]
  return [
    first,
    ...further,
    { topic: "reported by", text: `${top.plugin}: ${failureText(top, operation, context)}`, call: top.id },
  ]
}

/** host-local does nothing slow except wait for its store. */
function outlivedText({ call, top }: FailingCall, operation: Operation, context: ExplainContext): string {
  const killer = `when the runtime killed ${top.plugin}${withinText(ranAtMostMs(operation, context))}`
  const lock = call.plugin === "host-local" ? "; it waited for the lock of its store, which another process held" : ""
  return call.state === "running"
    ? `had not ended ${killer}, and still runs (pid ${call.pid})${waitingText(call, context) || lock}${writtenText(call)}`
    : `had not ended ${killer}, and ended after ${duration(call.durationMs)}${lock}`
}

/** `; it waits for flock of /var/lib/cni/networks/pods/lock, held by pid 812 (host-local for shop/a)` */
function waitingText({ id }: Call, { node }: ExplainContext): string {
  const wait = node?.waits.get(id)
  // The kernel's function alone says little.
  const isClear = wait !== undefined && wait.locks.length + wait.sockets.length + wait.children.length > 0
  return isClear ? `; it ${waitPredicate(wait)}` : ""
}

function killedText(operation: Operation, context: ExplainContext): string {
  const ranMs = ranAtMostMs(operation, context)
  if (isAtLimit(operation, ranMs))
    return `never ended; the kubelet's limit of ${duration(requestLimitMs(operation))} for a ${operation.command} ended it`
  return "never ended and its process is gone; the runtime's timeout killed it, or the node went down"
}

function limitText(operation: Operation, { nowMs }: ExplainContext): string {
  const limitMs = requestLimitMs(operation)
  const leftMs = limitMs === undefined ? 0 : limitMs - (nowMs - operation.wallMs)
  return leftMs > 0 ? `; the kubelet gives up in ${duration(leftMs)}` : ""
}

function withinText(ms: number | undefined): string {
  return ms === undefined ? "" : ` (at most ${duration(ms)} after it began)`
}

function writtenText(call: Call): string {
  const written = writtenSoFar(call)
  return written ? `; it wrote to ${written.stream}: ${written.line}` : ""
}

/** `no IP addresses available (code 999, exit 1)` */
function failureText(call: Call, operation: Operation, context: ExplainContext): string {
  if (!hasFailedExit(call)) {
    if (reportOf(call).kind === "empty-success")
      return `exit 0 with an error on stdout (${abbreviate(messageOf(call) ?? "")}), which libcni accepts as a result`
    if (operation.outcomeReason?.call === call.id && call.answer !== "unreadable")
      return answerText(call, operation, context)
    return `exit 0, but ${stdoutText(call)}`
  }
  if (call.exit && "errno" in call.exit) {
    const reason = context.node?.unrunnable.get(call.id)
    return `${call.path} ${exitText(call.exit)}${reason ? `; ${reason}` : ""}`
  }
  const code = errorOf(call)?.code
  const exit = [...(typeof code === "number" ? [`code ${code}`] : []), exitText(call.exit)].join(", ")
  const text = errorTextOf(call)
  if (isKilledBySignal(call) && !(text && isPanic(text))) return signalText(call, text)
  if (text && !errorOf(call) && textOf(call.stdout)?.trim()) return `${stdoutText(call)} (${exit})`
  if (text) return `${abbreviate(text.split("\n")[0] ?? "")} (${exit})`
  if (jsonObject(call.stdout)) return `${exitText(call.exit)}, with a result on stdout instead of an error`
  const bytes = call.stdout?.sizeBytes ?? 0
  return `${exitText(call.exit)}, ${bytes > 0 ? `${bytes} bytes on stdout that are not text` : "without any output"}`
}

/** The finding about an answer says exactly what is wrong with it. */
function answerText(call: Call, operation: Operation, context: ExplainContext): string {
  const finding = findingOfAnswer(call, context)
  return `exit 0, but ${finding ? sentenceOf(finding) : refusedText(operation, undefined)}`
}

/** What is wrong with a stdout that is not one JSON result. */
function stdoutText({ stdout }: Call): string {
  if (!stdout?.sizeBytes) return "stdout is empty"
  const text = textOf(stdout)
  const [first] = text === undefined ? [] : splitDocuments(text)
  if (!text || first?.kind !== "text") return `stdout is not one JSON result: ${abbreviate(text ?? "binary")}`
  const line = abbreviate(mostRelevantLine(text.slice(first.from, first.to)) ?? "")
  return text.slice(first.to).trim() === ""
    ? `stdout is not JSON, it is a log line: ${line}`
    : `stdout has a log line before the result: ${line}`
}

/** A plugin that called several others may report an error of each, one per line. */
function furtherErrors(call: Call): string[] {
  const [, ...lines] = (messageOf(call) ?? "").split("\n")
  return lines
    .filter((line) => /\w/.test(line))
    .map((line) => abbreviate(line))
    .slice(0, MAX_FURTHER)
}

const MAX_FURTHER = 3
const SIGKILL = 9

export function isKilledBySignal({ exit }: Call): boolean {
  return exit !== undefined && "signal" in exit && exit.signal === SIGKILL
}

/** What it wrote before was written by a program that did not know that it would be killed: it is not the cause. */
function signalText(call: Call, text: string | undefined): string {
  const { exit, durationMs, usage, stderr, stdout } = call
  const memory = usage ? `, using ${Math.round(usage.maxRssBytes / 2 ** 20)} MiB` : ""
  const line = text ?? mostRelevantLine(textOf(stderr)) ?? mostRelevantLine(textOf(stdout))
  const words = line ? `; it last wrote: ${abbreviate(line)}` : ""
  return `${exitText(exit)} after ${duration(durationMs)}${memory}, ${killersOf(call)}${words}`
}

/** A runtime whose deadline passes kills the process that it started: the relay, or the plugin itself if it is observed. */
function killersOf({ as, parentName }: Call): string {
  return as === "observer" ? `perhaps by ${parentName} after its deadline, or out of memory` : "perhaps out of memory"
}
