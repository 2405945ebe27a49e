import type { Host } from "./host.ts"
import { onCall } from "./relay.ts"

declare const host: Host

host.onStart(() => {
  onCall(host)
  host.end()
})
