import { EXIT_FIELDS, RECORD_KINDS } from "../event.ts"
import { effectsOf, type Machine } from "./machine.ts"

/** What the loader passes to the programs. */
export type ProgramLimits = {
  /** how many PID namespaces the node's is above that of this process */
  levelsAbove: number
  /** bytes of a stream, and of arguments and environment, that are copied */
  streamBytes: number
  textBytes: number
}

/** The content of the constants of observe.bpf.c, by their names. */
export function constantsOf(
  machine: Machine,
  { levelsAbove, streamBytes, textBytes }: ProgramLimits,
  offsetOf: (field: string) => number,
): Readonly<Record<string, Uint8Array>> {
  return {
    effects: effectsOf(machine),
    machineNumber: words([machine.number]),
    machineArguments: words(machine.arguments),
    machineMode: words([machine.mode]),
    machineNarrow: words([machine.narrow]),
    levelsAbove: words([levelsAbove]),
    streamBytes: words([streamBytes]),
    textBytes: words([textBytes]),
    leftBytes: words(RECORD_KINDS.map((kind) => LEFT_BYTES[kind])),
    fieldsAtExit: words(EXIT_FIELDS.map(offsetOf)),
  }
}

/** Streams leave a quarter of the ring to what begins and ends calls, and what begins them leaves room for their ends. */
const FOR_CALLS = 2 << 20
const FOR_ENDS = 1 << 16
const LEFT_BYTES: Readonly<Record<(typeof RECORD_KINDS)[number], number>> = {
  begin: FOR_ENDS,
  text: FOR_ENDS,
  fork: 0,
  read: FOR_CALLS,
  write: FOR_CALLS,
  exit: 0,
  unseen: FOR_ENDS,
}

function words(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(numbers).buffer)
}
