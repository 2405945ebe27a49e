import type { Payload } from "../../src/capture/record.ts"

/** Streams of a call; `stdin` is what the plugin has read of it. */
export type Streams = { stdin: Payload; stdout: Payload; stderr: Payload }

const STDIN = { sizeBytes: 11, text: "hello world" }
const NOTHING = { sizeBytes: 0, text: "" }

/** What is observed of each plugin of test/doubles/transfers.c with `STDIN` in a pipe, on every kernel and machine. */
export const TRANSFERS: Readonly<Record<string, Streams>> = {
  vectors: { stdin: STDIN, stdout: whole("one two "), stderr: NOTHING },
  positioned: { stdin: STDIN, stdout: whole("positioned "), stderr: NOTHING },
  // The runtime gets the rest too: a record has 64 KiB.
  interrupted: {
    stdin: STDIN,
    stdout: { sizeBytes: 150_000, truncated: true, text: "x".repeat(65_536) },
    stderr: NOTHING,
  },
  twice: {
    stdin: STDIN,
    stdout: { sizeBytes: 300_000, truncated: true, text: "x".repeat(65_536) },
    stderr: NOTHING,
  },
  duplicated: { stdin: STDIN, stdout: whole("nine child "), stderr: NOTHING },
  sent: { stdin: STDIN, stdout: unseen("before ", 24), stderr: NOTHING },
  spliced: { stdin: unseen("", 11), stdout: unseen("before ", 23), stderr: NOTHING },
  teed: { stdin: STDIN, stdout: unseen("", 11), stderr: NOTHING },
  mapped: { stdin: STDIN, stdout: unseen("", 7), stderr: NOTHING },
  // How much went through the ring is not known, nor to which stream; stdin had ended before.
  ringed: { stdin: STDIN, stdout: unseen("before ", 12), stderr: unseen("", 0) },
  polled: { stdin: STDIN, stdout: unseen("before ", 12), stderr: unseen("", 0) },
  submitted: { stdin: STDIN, stdout: unseen("before ", 12), stderr: unseen("", 0) },
}

/** Of those that need sockets. */
export const MESSAGES: Readonly<Record<string, Streams>> = {
  messages: { stdin: STDIN, stdout: whole("message sent "), stderr: NOTHING },
  // These two system calls return how many messages they have moved, not how many bytes.
  batched: { stdin: unseen("", 6), stdout: unseen("before ", 12), stderr: NOTHING },
}

export const TRANSFER_STDIN = STDIN.text

function whole(text: string): Payload {
  return { sizeBytes: text.length, text }
}

/** Of what the kernel has moved without a buffer of the process, only the size is known. */
export function unseen(text: string, sizeBytes: number): Payload {
  return { sizeBytes, truncated: true, truncatedBy: "loss", text }
}
