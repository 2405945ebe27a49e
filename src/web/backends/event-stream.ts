/** The server sends an event at least every 15 s. A connection without one is dead (laptop suspended, tunnel closed). */
const DEAD_MS = 40_000

/** One server-sent event. */
export type StreamMessage = { event: string; data: string }

/**
 * Reads server-sent events with fetch, because EventSource cannot send an Authorization header. To resume after the
 * connection was lost, pass the same `resume` object again. Throws StreamDenied if the status is not 200, and ends with
 * the signal.
 */
export async function* eventStream(
  url: string,
  headers: Record<string, string>,
  resume: { lastEventId: string },
  signal: AbortSignal,
): AsyncGenerator<StreamMessage> {
  const watchdog = new AbortController()
  const resetWatchdog = () => {
    clearTimeout(timer)
    timer = setTimeout(() => watchdog.abort(), DEAD_MS)
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  resetWatchdog()
  const answer = await fetch(url, {
    signal: AbortSignal.any([watchdog.signal, signal]),
    headers: { ...headers, ...(resume.lastEventId ? { "Last-Event-ID": resume.lastEventId } : {}) },
    cache: "no-store",
  })
  if (!answer.ok || !answer.body) throw new StreamDenied(answer.status)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  // Chunks are joined once per message: joining at each chunk would copy megabytes repeatedly.
  let chunks: string[] = []
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    resetWatchdog()
    chunks.push(chunk.value)
    if (!chunk.value.includes("\n\n") && !chunks.at(-2)?.endsWith("\n")) continue
    const messages = chunks.join("").split("\n\n")
    chunks = [messages.pop() ?? ""]
    for (const text of messages) {
      const message: StreamMessage = { event: "message", data: "" }
      for (const line of text.split("\n")) {
        const [, field, value = ""] = /^([^:]+):? ?(.*)$/s.exec(line) ?? []
        if (field === "event") message.event = value
        else if (field === "data") message.data += value
        else if (field === "id") resume.lastEventId = value
      }
      if (message.data) yield message
    }
  }
  clearTimeout(timer)
}

export class StreamDenied extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the server answered ${status}`)
    this.status = status
  }
}
