import type { Payload } from "../../src/capture/record.ts"

/** Streams of a call; `stdin` is what the plugin has read of it. */
export type Streams = { stdin: Payload; stdout: Payload }

const STDIN = { sizeBytes: 11, text: "hello world" }

/** What is observed of each plugin of test/doubles/transfers.c with `STDIN` in a pipe, on every kernel and machine. */
export const TRANSFERS: Readonly<Record<string, Streams>> = {
  vectors: { stdin: STDIN, stdout: whole("one two ") },
  positioned: { stdin: STDIN, stdout: whole("positioned ") },
  // The runtime gets the rest too: a record has 64 KiB.
  interrupted: { stdin: STDIN, stdout: { sizeBytes: 150_000, truncated: true, text: "x".repeat(65_536) } },
  duplicated: { stdin: STDIN, stdout: whole("nine child ") },
  sent: { stdin: STDIN, stdout: unseen("before ", 24) },
  spliced: { stdin: unseen("", 11), stdout: unseen("before ", 23) },
  teed: { stdin: STDIN, stdout: unseen("", 11) },
  mapped: { stdin: STDIN, stdout: unseen("", 7) },
  // How much went through the ring is not known, nor of which stream it was.
  ringed: { stdin: unseen("hello world", 11), stdout: unseen("before ", 12) },
}

export const TRANSFER_STDIN = STDIN.text

function whole(text: string): Payload {
  return { sizeBytes: text.length, text }
}

/** Of what the kernel has moved without a buffer of the process, only the size is known. */
function unseen(text: string, sizeBytes: number): Payload {
  return { sizeBytes, truncated: true, truncatedBy: "loss", text }
}
