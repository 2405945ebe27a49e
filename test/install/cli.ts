import { type Answer, inProcess } from "../cli/in-process.ts"
import type { Node } from "./node.ts"

export function cnitap(...args: string[]): Promise<Answer> {
  return inProcess(args)
}

/** The flags that keep a command line within a node's temporary root. */
export function within(node: Node): string[] {
  return [
    ...["--bin-dir", node.bin],
    ...["--conf-dir", node.at(node.confDir)],
    ...["--shim-dir", node.at("/opt/cnitap/bin")],
  ]
}

export function capturing(node: Node): string[] {
  return [...within(node), "--capture", node.at("/var/lib/cnitap/capture")]
}
