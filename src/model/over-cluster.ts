import type { Explanation } from "./explain/statement.ts"

const NODE_COMMAND =
  /\bcnitap (ls|show|tail|ps|stats|explain|diff|lint|ledger|who-owns|export|serve|status|install|uninstall|doctor|help)(?![\w-])((?: --(?:root|capture|from) [^\s`]+)*)/g
const REPEATED = /\b(cnitap export\b[^|`\n]* repro [^|`\n]+) \| sh\b/g

/** The command lines in a text that cnitap wrote on a node, or over files of nodes, as they are written over a cluster. */
export function overCluster(text: string): string {
  // The plugins are on the node.
  const onNode = text.replace(REPEATED, "$1 # a script for the node")
  return onNode.replace(NODE_COMMAND, (command, verb: string, _flags, at: number) =>
    onNode.endsWith("kubectl ", at) ? command : `kubectl cnitap ${verb}`,
  )
}

/** The same for what a page shows, if it is of a cluster: `nodes` is set by its verbs. */
export function explainedOverCluster(
  explanation: Explanation | undefined,
  { nodes }: Record<string, unknown>,
): Explanation | undefined {
  if (!explanation || nodes === undefined) return explanation
  const statements = explanation.statements.map((statement) => ({ ...statement, text: overCluster(statement.text) }))
  return { ...explanation, headline: overCluster(explanation.headline), statements }
}
