import type { ProcessWait } from "../process-wait.ts"

/** What the node itself shows about an operation, if the capture is its own. Read when the operation is explained. */
export type NodeEvidence = {
  /** the list that the operation's network has now; undefined if no configuration has that name */
  list?: CurrentList
  /** whether the network namespace of the operation is the node's own */
  isHostNetwork: boolean
  /** by call ID: why the kernel cannot execute the plugin of a call that could not be started */
  unrunnable: ReadonlyMap<string, string>
  /** by call ID: what the plugin of a call in flight waits for */
  waits: ReadonlyMap<string, ProcessWait>
}

/** A plugin list as its file has it. */
export type CurrentList = {
  file: string
  /** when the file was changed, milliseconds since 1970 */
  changedMs: number
  plugins: string[]
  /** of these, those whose executable is in none of the runtime's directories */
  missing: string[]
  /** of these, those that exist and are not recorded */
  notRecorded: string[]
  /** the directories in which the runtime looks for plugins */
  directories: string[]
}
