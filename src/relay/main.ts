import { SECRET_MARKS } from "../capture/redact/secret-name.ts"
import { clean, cleanArguments, cleanVariable } from "./clean.ts"
import type { Host } from "./host.ts"
import { probe } from "./probe.ts"
import { prune } from "./prune.ts"
import { rejectLoop } from "./reject-loop.ts"

declare const host: Host

host.provide(SECRET_MARKS.join("\n"), {
  clean: (text, isTruncated) => clean(host, text, isTruncated),
  cleanArguments: (argv) => cleanArguments(host, argv),
  cleanVariable: (name, value) => cleanVariable(host, name, value),
  prune: (directory, maxSizeBytes, current) => prune(host, directory, maxSizeBytes, current),
  probe: () => probe(host),
  rejectLoop: () => rejectLoop(host),
})
