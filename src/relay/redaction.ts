import { redact } from "../capture/redact/redact.ts"
import type { Host } from "./host.ts"

declare const host: Host

/** A script of its own: few calls need it, and reading it into the engine of every call would cost the others. */
host.redact = redact
