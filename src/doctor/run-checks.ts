import type { NodeFacts } from "../install/detect/node-facts.ts"
import { AGENT_RULES } from "./agent-rules.ts"
import { ENVIRONMENT_RULES } from "./environment-rules.ts"
import { KERNEL_RULES } from "./kernel-rules.ts"
import { LEFTOVER_RULES } from "./leftover-rules.ts"
import { NETWORK_RULES } from "./network-rules.ts"
import { type NodeFinding, type NodeRule, toNodeFinding } from "./node-finding.ts"
import { type CheckOptions, readNodeSnapshot } from "./node-snapshot.ts"
import { PLUGIN_RULES } from "./plugin-rules.ts"
import { RECORDING_RULES } from "./recording-rules.ts"
import { RUNTIME_RULES } from "./runtime-rules.ts"
import { STORE_RULES } from "./store-rules.ts"
import { TOOL_RULES } from "./tool-rules.ts"
import { VERSION_RULES } from "./version-rules.ts"

/** Every rule, in the order in which creating a pod depends on it. */
export const NODE_RULES: readonly NodeRule[] = [
  ...RUNTIME_RULES,
  ...NETWORK_RULES,
  ...PLUGIN_RULES,
  ...ENVIRONMENT_RULES,
  ...TOOL_RULES,
  ...AGENT_RULES,
  ...VERSION_RULES,
  ...STORE_RULES,
  ...KERNEL_RULES,
  ...LEFTOVER_RULES,
  ...RECORDING_RULES,
]

/** Runs every rule against a node; errors come first. */
export async function runChecks(facts: NodeFacts, options: CheckOptions): Promise<NodeFinding[]> {
  const node = await readNodeSnapshot(facts, options)
  const findings = NODE_RULES.flatMap((rule) => rule.check(node).map((hit) => toNodeFinding(rule, hit)))
  const order = ["error", "warning", "note"] as const
  return order.flatMap((severity) => findings.filter((finding) => finding.severity === severity))
}
