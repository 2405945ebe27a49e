import { stat } from "node:fs/promises"
import { Fault } from "../../fault/fault.ts"
import { namesLike } from "./directory.ts"
import { listSegments, type Segment, segmentLister } from "./segments.ts"

/** Where relays write unless they are told otherwise. */
export const DEFAULT_CAPTURE = "/var/lib/cnitap/capture"

/** Something that calls can be read from: a capture directory, or a bundle. */
export type Capture = {
  /** the path it was opened by */
  path: string
  /** a directory grows while it is read; a bundle does not */
  isLive: boolean
  /** why only its beginning can be read, where that is so */
  flaw?: string
  /** oldest first; looked up anew each time, because relays add and prune */
  segments(): Promise<Segment[]>
}

/** Opens a capture directory. An empty one is a capture without calls yet; a directory of other files is a mistake. */
export async function openCapture(directory: string): Promise<Capture> {
  const isForeign = await hasFilesAlone(directory)
  if (isForeign) {
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${directory} holds files but no capture segment (calls-<hour>.jsonl)`,
      "Name a capture directory with --capture.",
    )
  }
  return { path: directory, isLive: true, segments: segmentLister(directory) }
}

/** Whether there are files, and none of them a segment. */
async function hasFilesAlone(directory: string): Promise<boolean> {
  try {
    if (!(await stat(directory)).isDirectory()) {
      throw new Fault(
        "CAPTURE_FOREIGN",
        `${directory} is not a directory`,
        "Name a capture directory with --capture, or a bundle with --from.",
      )
    }
    const [first] = namesLike(directory, (name) => !name.startsWith("."))
    return first !== undefined && (await listSegments(directory)).length === 0
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new Fault(
        "CAPTURE_MISSING",
        `${directory} does not exist`,
        "Install the relay with `cnitap install`, or name another directory with --capture.",
      )
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new Fault(
        "NOT_PERMITTED",
        `${directory} may not be read`,
        "Run as root, or as the user that runs the plugins.",
      )
    }
    throw error
  }
}
