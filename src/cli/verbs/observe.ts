import type { Losses } from "../../capture/record.ts"
import { type Call, toCall } from "../../model/call.ts"
import { lossTexts } from "../../model/losses.ts"
import type { EndedCall } from "../../observe/observer.ts"
import { addObserveOptions, recordingOptionsOf } from "../args/install-options.ts"
import type { Context } from "../context.ts"
import { requireStream } from "../follow.ts"
import { addNode } from "../node/node.ts"
import { openObserver } from "../node/observer.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import { unhurriedOutput } from "../terminal/unhurried-output.ts"
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
    // What is observed is lost if this process is stopped because nobody reads the list.
    context.stdout = unhurriedOutput(context.stdout)
    const list = new CallList()
    const { observer, directory, end } = openObserver(context, options, recordingOptionsOf(context, options), {
      onEnded: (call) => list.add(call),
      onTick: () => {},
    })
    const missed = observer.recordPause(undefined)
    if (missed > 0)
      context.stderr.write(
        `cnitap: ${missed} ${missed === 1 ? "call was in flight already and is" : "calls were in flight already and are"} not recorded\n`,
      )
    const { missing } = observer.files
    if (missing.length > 0)
      context.stderr.write(
        `cnitap: ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} in no plugin directory yet\n`,
      )
    context.stderr.write(`cnitap: observing ${observer.files.count} plugins; the capture is ${directory}\n`)
    const observing = observer.run(end)
    await printRows(context, options, { ...callTable, empty: "no call was made" }, list.until(observing))
    await observing
    const { omitted } = list
    if (omitted > 0)
      context.stderr.write(
        `cnitap: ${omitted} ${omitted === 1 ? "call is" : "calls are"} missing from this list, because it was not read fast enough; \`cnitap ls --capture ${directory}\` lists all\n`,
      )
    reportLosses(context, observer.losses())
  },
}

/** Memory for calls that wait until the list is read. */
const MOST_WAITING_BYTES = 1 << 20
/** More than a call takes beside its streams. */
const CALL_BYTES = 2048

/** The calls that have ended and are not printed yet. */
class CallList {
  /** How many were not kept for the list. The capture has them. */
  omitted = 0
  #calls: EndedCall[] = []
  #waitingBytes = 0
  #wake = () => {}

  add(call: EndedCall): void {
    const sizeBytes = CALL_BYTES + call.keptBytes
    if (this.#calls.length > 0 && this.#waitingBytes + sizeBytes > MOST_WAITING_BYTES) {
      this.omitted++
      return
    }
    this.#waitingBytes += sizeBytes
    this.#calls.push(call)
    this.#wake()
  }

  async *until(end: Promise<void>): AsyncGenerator<Call> {
    let isOver = false
    const stop = () => {
      isOver = true
      this.#wake()
    }
    end.then(stop, stop)
    while (!isOver || this.#calls.length > 0) {
      for (let call = this.#take(); call; call = this.#take()) yield toCall(...call.records())
      if (this.#calls.length > 0 || isOver) continue
      // Not a race with the end: that would keep a reaction for each call until then.
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    await end
  }

  #take(): EndedCall | undefined {
    const call = this.#calls.shift()
    if (call) this.#waitingBytes -= CALL_BYTES + call.keptBytes
    return call
  }
}

function reportLosses({ stderr }: Context, losses: Losses): void {
  for (const text of lossTexts(losses)) stderr.write(`cnitap: ${text}\n`)
}
