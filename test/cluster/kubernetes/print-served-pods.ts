/** Prints what `servedPods` yields of a URL, for a process in the network of a node. */
import { servedPods } from "../served-pods.ts"

for await (const pod of servedPods(process.argv[2] ?? "")) console.log(pod)
