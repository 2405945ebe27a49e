/** The server says something every 15 s; a connection that is silent for longer is dead (a laptop slept, a tunnel broke). */
const SILENCE_MS = 40_000

/** One server-sent event. */
export type Message = { event: string; data: string }

/**
 * Reads server-sent events by fetch, because EventSource can send no Authorization header. `lastEventId` outlives the
 * connection: pass the same object again to resume.
 */
export async function* eventStream(
  url: string,
  headers: Record<string, string>,
  resume: { lastEventId: string },
): AsyncGenerator<Message> {
  const silence = new AbortController()
  const hear = () => {
    clearTimeout(timer)
    timer = setTimeout(() => silence.abort(), SILENCE_MS)
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  hear()
  const answer = await fetch(url, {
    signal: silence.signal,
    headers: { ...headers, ...(resume.lastEventId ? { "Last-Event-ID": resume.lastEventId } : {}) },
    cache: "no-store",
  })
  if (!answer.ok || !answer.body) throw new StreamRefused(answer.status)
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  // Pieces are joined once a message: joining at each chunk would copy megabytes again and again.
  let pieces: string[] = []
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    hear()
    pieces.push(piece.value)
    if (!piece.value.includes("\n\n") && !pieces.at(-2)?.endsWith("\n")) continue
    const messages = pieces.join("").split("\n\n")
    pieces = [messages.pop() ?? ""]
    for (const text of messages) {
      const message: Message = { event: "message", data: "" }
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

export class StreamRefused extends Error {
  readonly status: number

  constructor(status: number) {
    super(`the server answered ${status}`)
    this.status = status
  }
}
