import { Fault } from "../../fault/fault.ts"
import { type Call, STREAMS, type Stream } from "../../model/call.ts"
import { failingCallOf } from "../../model/explain/failing-call.ts"
import type { Operation } from "../../model/operation.ts"
import type { Context } from "../context.ts"

/** The stream that the options ask for. */
export function streamOption(options: Record<string, unknown>): Stream | undefined {
  const wanted = STREAMS.filter((stream) => options[stream] === true)
  const [stream, another] = wanted
  if (stream && another)
    throw new Fault("USAGE", `--${stream} cannot be combined with --${another}`, "Write one after the other.")
  if (stream && (options.brief === true || options.output !== "table"))
    throw new Fault("USAGE", `--${stream} cannot be combined with --brief or -o`, "Leave them out.")
  return stream
}

/** Writes the bytes as they were recorded; what is missing is reported on stderr. `call`: the one that was named. */
export async function printStream(context: Context, stream: Stream, operation: Operation, call?: Call): Promise<void> {
  const of = call ?? failingCallOf(operation)?.call ?? operation.calls.at(stream === "stdin" ? 0 : -1)?.call
  const payload = of?.[stream]
  if (!of || !payload)
    throw new Fault("NOT_FOUND", `${stream} of ${of?.plugin} ${of?.id} was not recorded`, "See `cnitap show --brief`.")
  const bytes = "text" in payload ? Buffer.from(payload.text) : Buffer.from(payload.base64, "base64")
  if (context.stdout.write(bytes) === false && context.stdout.once)
    await new Promise<void>((done) => context.stdout.once?.("drain", done))
  const notes = [
    ...(payload.truncated ? [`the first ${bytes.length} of ${payload.sizeBytes} bytes`] : []),
    ...(payload.redacted ? [`redacted: ${payload.redacted.join(" ")}`] : []),
  ]
  if (notes.length > 0) context.stderr.write(`cnitap: ${stream} of ${of.plugin} ${of.id}: ${notes.join("; ")}\n`)
}
