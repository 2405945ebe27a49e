import { join } from "node:path"

const MACHINES: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" }

/** The node executable for this machine; `npm run build:node` builds it. */
export const NODE_EXECUTABLE = join(
  import.meta.dirname,
  `../../dist/cnitap-linux-${MACHINES[process.arch] ?? process.arch}`,
)
