import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Kubernetes } from "./kubernetes.ts"

const LAST_LINES = 30
const DAEMONS = ["kubelet", "containerd", "kube-apiserver", "kube-controller-manager"]

/** What is known about a step that failed: objects, events, our pods' logs, and the ends of the daemons' logs. */
export async function evidenceOf(cluster: Kubernetes): Promise<string> {
  const commands = [
    ["get", "nodes"],
    ["get", "pods", "-A", "-o", "wide"],
    ["get", "events", "-A", "--sort-by=.metadata.creationTimestamp"],
    ["logs", "-n", "cnitap", "-l", "app.kubernetes.io/name=cnitap", "--prefix", `--tail=${LAST_LINES}`],
  ]
  const sections: string[] = []
  for (const command of commands) {
    const { stdout, stderr } = await cluster.kubectl([...command, "--request-timeout=10s"])
    sections.push(`kubectl ${command.join(" ")}\n${end(stdout)}${end(stderr)}`)
  }
  for (const node of cluster.nodes)
    for (const daemon of DAEMONS) {
      const text = logOf(join(node.directory, "var-log", `${daemon}.log`))
      if (text !== undefined) sections.push(`${daemon} on ${node.name}\n${end(text)}`)
    }
  return sections.join("\n")
}

function logOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    // This daemon runs on the other node only.
    return undefined
  }
}

function end(text: string): string {
  const lines = text.trimEnd().split("\n").slice(-LAST_LINES)
  return lines.map((line) => `  ${line.slice(0, 400)}\n`).join("")
}
