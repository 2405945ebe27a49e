import type { NodeFiles } from "../install/detect/node-files.ts"
import type { NodeHit } from "./node-finding.ts"

/** Who but root may write to what root's runtime reads or executes. */
export function opennessOf(files: NodeFiles, path: string): NodeHit[] {
  const stat = files.stat(path)
  if (!stat) return []
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0")
  const hits: NodeHit[] = []
  if ((stat.mode & 0o022) !== 0) {
    hits.push({ detail: `${path} has mode ${mode}`, evidence: [path], remedy: `chmod go-w ${path}` })
  }
  if (stat.uid !== 0) {
    hits.push({
      detail: `${path} belongs to user ${stat.uid}`,
      evidence: [path],
      remedy: `chown root ${path}`,
      severity: "warning",
    })
  }
  return hits
}
