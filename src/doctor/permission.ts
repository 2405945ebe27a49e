import type { NodeFiles } from "../install/detect/node-files.ts"
import type { NodeHit } from "./node-finding.ts"

/** Reports a file that the runtime reads or executes as root and that other users can modify. */
export function writableByOthers(files: NodeFiles, path: string): NodeHit[] {
  const stat = files.stat(path)
  if (!stat) return []
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0")
  const hits: NodeHit[] = []
  if ((stat.mode & 0o022) !== 0) {
    hits.push({ detail: `${path} has mode ${mode}`, evidence: [path], remedy: `chmod go-w ${path}` })
  }
  if (stat.uid !== 0) {
    hits.push({
      detail: `${path} is owned by user ${stat.uid}`,
      evidence: [path],
      remedy: `chown root ${path}`,
      severity: "warning",
    })
  }
  return hits
}
