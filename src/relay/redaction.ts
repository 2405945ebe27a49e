import { redact } from "../capture/redact/redact.ts"
import type { Host } from "./host.ts"

declare const host: Host

/** A separate script: few calls need it, and loading it for every call would slow down the others. */
host.redact = redact
