import type { Host } from "./host.ts"
import { onCall } from "./relay.ts"

declare const host: Host

onCall(host)
host.end()
