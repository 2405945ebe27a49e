import { statSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import { namesLike } from "./directory.ts"
import { listSegments, type Segment, segmentLister } from "./segments.ts"

/** A source of calls: a capture directory, a bundle, or several of them. */
export type Capture = {
  /** path, as given by the user; several are separated by commas */
  path: string
  /** the captures of which it consists, if there are several */
  parts?: readonly Capture[]
  /** mount point of the root file system of the node whose relays write it */
  root: string
  /** directories that relays may append to; none for a bundle */
  directories: readonly string[]
  /** whether relays may append to it: true for a directory, false for a bundle */
  isLive: boolean
  /** why only its beginning can be read; absent if it is complete */
  truncatedBy?: string
  /** oldest first; listed again at each call, because relays add and prune segments */
  segments(): Promise<Segment[]>
}

/** Opens a capture directory; an empty one is a capture without calls. Throws a Fault if it has only other files. */
export async function openCapture(directory: string, root = "/"): Promise<Capture> {
  if (await hasOnlyOtherFiles(directory)) {
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${directory} contains files but no capture segment (calls-<hour>.jsonl)`,
      "Pass a capture directory with --capture.",
    )
  }
  return { path: directory, root, directories: [directory], isLive: true, segments: segmentLister(directory) }
}

/** Whether there are files, and none of them is a segment. */
async function hasOnlyOtherFiles(directory: string): Promise<boolean> {
  try {
    if (!statSync(directory).isDirectory()) {
      throw new Fault(
        "CAPTURE_FOREIGN",
        `${directory} is not a directory`,
        "Pass a capture directory with --capture, or a bundle with --from.",
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
        "Install the relay with `cnitap install`, or pass another directory with --capture.",
      )
    }
    if (code === "EACCES" || code === "EPERM") {
      throw new Fault(
        "NOT_PERMITTED",
        `permission denied: cannot read ${directory}`,
        "Run as root, or as the user that runs the plugins.",
      )
    }
    throw error
  }
}
