import { DEFAULT_MAX_SIZE_BYTES } from "../../capture/prune.ts"
import type { Begin, End } from "../../capture/record.ts"
import { pluginDirsOf } from "../../install/detect/plugin-dirs.ts"
import { type Call, toCall } from "../../model/call.ts"
import { openBpf } from "../../observe/bpf.ts"
import { CaptureWriter } from "../../observe/capture-writer.ts"
import { type Losses, Observer } from "../../observe/observer.ts"
import { checksum } from "../../store/capture/checksum.ts"
import { nodePath } from "../args/captures.ts"
import { addObserveOptions, recordingOptionsOf } from "../args/install-options.ts"
import { addNode, openNode } from "../args/node.ts"
import type { Context } from "../context.ts"
import { requireStream } from "../follow.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"
import { callTable } from "./tail.ts"

export const observe: Verb = {
  description:
    "Follows the node's plugins from the kernel (eBPF) until Ctrl-C and lists their calls as they end. It replaces no file, edits no list, and is in the path of no call. It needs the node executable, root, and Linux 5.8 or newer.",
  examples: [
    ["cnitap observe", "record and list every call until Ctrl-C"],
    ["cnitap observe --for 2h --plugins calico,calico-ipam", "two plugins, for two hours"],
  ],
  define(command) {
    addObserveOptions(addOutput(addNode(command)))
  },
  async run(context, _args, options) {
    requireStream(outputFormat(options))
    const { plugins, capture, raw: isRaw, maxSizeBytes, untilMs } = recordingOptionsOf(context, options)
    const bpf = openBpf()
    const { disk } = openNode(options)
    const directory = nodePath(options, capture)
    const directories = () => pluginDirsOf(openNode(options).facts).map((path) => disk.at(path))
    const openWriter = () => new CaptureWriter(directory, maxSizeBytes ?? DEFAULT_MAX_SIZE_BYTES, checksum)
    const list = new CallList()
    const onEnded = (begin: Begin, ended: End) => list.add(toCall(begin, ended))
    const observer = new Observer(bpf, { directories, plugins, isRaw, openWriter, onEnded })
    const end = endOf(context, untilMs)
    const missed = observer.files.countRunning()
    if (missed > 0) context.stderr.write(`cnitap: ${missed} calls were in flight already and are not recorded\n`)
    context.stderr.write(`cnitap: observing ${observer.files.count} plugins; the capture is ${directory}\n`)
    const observing = observer.run(end)
    await printRows(context, options, { ...callTable, empty: "no call was made" }, list.until(observing))
    await observing
    reportLosses(context, observer.losses())
  },
}

/** Aborts on Ctrl-C, and when the time is over. */
function endOf(context: Context, untilMs: number | undefined): AbortSignal {
  const end = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end.abort())
  if (untilMs !== undefined) setTimeout(() => end.abort(), untilMs - context.nowMs()).unref()
  return end.signal
}

/** The calls that have ended and are not printed yet. */
class CallList {
  #calls: Call[] = []
  #wake = () => {}

  add(call: Call): void {
    this.#calls.push(call)
    this.#wake()
  }

  async *until(end: Promise<void>): AsyncGenerator<Call> {
    let isOver = false
    const over = end.then(() => {
      isOver = true
    })
    while (!isOver || this.#calls.length > 0) {
      const calls = this.#calls
      this.#calls = []
      yield* calls
      if (this.#calls.length > 0 || isOver) continue
      const next = new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      await Promise.race([over, next])
    }
  }
}

function reportLosses({ stderr }: Context, { calls, ends, pieces, records }: Losses): void {
  const because = "because the kernel's buffer was full"
  if (calls > 0) stderr.write(`cnitap: ${calls} calls were not recorded, ${because}\n`)
  if (ends > 0) stderr.write(`cnitap: the end of ${ends} calls was not recorded, ${because}\n`)
  if (pieces > 0) stderr.write(`cnitap: ${pieces} pieces of streams were lost, ${because}: their calls are marked\n`)
  if (records > 0) stderr.write(`cnitap: ${records} records could not be written\n`)
}
