import { unpackOperations } from "../../src/model/packed-operations.ts"
import type { ServerEvent } from "../../src/serve/protocol.ts"

/** The pods of the operations that the page of this URL gets, each after its node, as they come. */
export async function* servedPods(url: string): AsyncGenerator<string> {
  const { origin, hash } = new URL(url)
  const headers = { Authorization: `Bearer ${hash.replace("#token=", "")}` }
  const answer = await fetch(`${origin}/api/events`, { headers })
  let text = ""
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (text + chunk).split("\n\n")
    text = messages.pop() ?? ""
    for (const message of messages) {
      const event = JSON.parse(/^data: (.*)$/m.exec(message)?.[1] ?? "{}") as ServerEvent
      if (event.kind !== "operations") continue
      for (const { node, pod } of unpackOperations(event.batch)) yield `${node} ${pod?.name}`
    }
  }
}
