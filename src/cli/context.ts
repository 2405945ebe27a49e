import type { ColourChoice } from "./terminal/colour.ts"

/** What a verb may touch of the process; tests pass their own. */
export type Context = {
  stdout: {
    write(data: string | Uint8Array): unknown
    once?(event: "drain", listener: () => void): unknown
    fd?: number
    isTTY?: boolean
    columns?: number
    rows?: number
  }
  stderr: { write(text: string): unknown; isTTY?: boolean }
  stdin: NodeJS.ReadableStream & { isTTY?: boolean }
  env: Record<string, string | undefined>
  /** of --color, once the command line is parsed */
  colour?: ColourChoice
  /** exit status to end with when the verb returns; verbs that answer a question set 1 */
  exitCode: number
  /** installs whose time was over when the command began; a capture that is empty is removed with them */
  expired?: readonly { capture: string; installedMs: number; untilMs: number }[]
  nowMs(): number
}
