import type { SandboxState } from "../../model/pod.ts"

/** The mark of a sandbox's state, in the shapes of outcomes. */
export const SANDBOX_OUTCOMES = {
  up: "ok",
  gone: "gone",
  failed: "failed",
  starting: "running",
} as const satisfies Record<SandboxState, string>

export const SANDBOX_WORDS: Record<SandboxState, string> = {
  up: "network attached",
  gone: "torn down",
  failed: "no network",
  starting: "in flight",
}
