import { prune } from "../capture/prune.ts"
import { clean, cleanArguments, cleanVariable } from "../capture/redact/clean.ts"
import { ALL_MARK_LINES, LITERALS } from "../capture/redact/rules/marks.ts"
import { CLASSES } from "../capture/redact/text.ts"
import type { Host } from "./host.ts"
import { probe } from "./probe.ts"
import { rejectLoop } from "./reject-loop.ts"
import { warmUp } from "./warm-up.ts"

declare const host: Host

host.provide(ALL_MARK_LINES, LITERALS.length, CLASSES.map((characters) => `\u0001${characters}`).join(""), {
  clean: (text, isTruncated) => clean(host, text, isTruncated),
  cleanArguments: (argv) => cleanArguments(host, argv),
  cleanVariable: (name, value) => cleanVariable(host, name, value),
  prune: (directory, maxSizeBytes, current) => prune(host, directory, maxSizeBytes, current),
  probe: () => probe(host),
  rejectLoop: () => rejectLoop(host),
})

warmUp(host)
