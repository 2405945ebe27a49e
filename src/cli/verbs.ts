import type { Verb } from "./verb.ts"
import { decode } from "./verbs/decode.ts"
import { diff } from "./verbs/diff.ts"
import { doctor } from "./verbs/doctor.ts"
import { explain } from "./verbs/explain.ts"
import { exportVerb } from "./verbs/export.ts"
import { install } from "./verbs/install.ts"
import { ledger } from "./verbs/ledger.ts"
import { lint } from "./verbs/lint.ts"
import { ls } from "./verbs/ls.ts"
import { plan } from "./verbs/plan.ts"
import { ps } from "./verbs/ps.ts"
import { serve } from "./verbs/serve.ts"
import { show } from "./verbs/show.ts"
import { stats } from "./verbs/stats.ts"
import { status } from "./verbs/status.ts"
import { tail } from "./verbs/tail.ts"
import { uninstall } from "./verbs/uninstall.ts"
import { watch } from "./verbs/watch.ts"
import { whoOwns } from "./verbs/who-owns.ts"

/** Every verb, in the order of the help. */
export const VERB_GROUPS: readonly { title: string; verbs: Verb[] }[] = [
  { title: "Look at calls:", verbs: [ls, show, tail, ps, stats] },
  { title: "Ask what is wrong:", verbs: [explain, diff, lint, ledger, whoOwns, decode] },
  { title: "Hand on:", verbs: [serve, exportVerb] },
  { title: "Record on this node:", verbs: [doctor, plan, install, status, watch, uninstall] },
]
