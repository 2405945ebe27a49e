import type { StatusOutput } from "../../install/status/status-output.ts"

/** The recorder of a node as `kubectl cnitap status` prints it. */
export type RecorderOutput = {
  node: string
  pod: string
  /** of the cnitap in the pod */
  version: string
  /** `recording`: every plugin of the active list is recorded. `incomplete`: some are not. `silent`: it gave no answer. `over`: it has ended */
  state: "recording" | "incomplete" | "silent" | "over"
  /** why it is not recording, or what it does not record */
  reason?: string
  /** RFC 3339; when the relays stop recording; the same as `untilMs` */
  untilAt?: string
  untilMs?: number
  /** what `cnitap status` printed on the node */
  status?: StatusOutput
}
