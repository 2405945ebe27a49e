/** src/cli/verbs/serve.ts and src/cli/cluster/serve.ts: there is neither a page nor HTTP on a node. */
import { Fault } from "../../fault/fault.ts"

export const serve = {
  description: "",
  examples: [],
  define(command: { argument(name: string): unknown; allowUnknownOption(): unknown }): void {
    command.argument("[any...]")
    command.allowUnknownOption()
  },
  async run(): Promise<void> {
    throw new Fault(
      "REFUSED",
      "the node executable cannot serve the web page",
      "Write a bundle with `export bundle`, copy it to a machine with Node.js, and use the npm package there.",
    )
  },
}

export const clusterServe = serve
