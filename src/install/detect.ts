import type { NodeFacts } from "./facts.ts"

export type DetectOptions = {
  /** replaces what was found */
  confDir?: string
  binDirs?: readonly string[]
}

/** Looks at the node that is mounted at `root`, and changes nothing. */
export function detect(root: string, _options: DetectOptions = {}): NodeFacts {
  throw new Error(`not yet: ${root}`)
}
