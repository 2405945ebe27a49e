import assert from "node:assert/strict"
import { test } from "node:test"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { whyUnsatisfiable } from "../../../src/model/filter/unsatisfiable.ts"

function why(text: string) {
  const result = parseFilter(text, Date.UTC(2026, 8, 21))
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`)
  const never = whyUnsatisfiable(result.filter)
  return never && `${never.message} @${never.column}`
}

const NEVER: [text: string, why: string][] = [
  ["command=ADD and command=DEL", "command=ADD and command=DEL never hold for one call @17"],
  ["command=FOO", "command=FOO never holds: a command is one of ADD, DEL, CHECK, GC, STATUS, VERSION @1"],
  ["exit=300", "exit=300 never holds: exit is between 0 and 255 @1"],
  ["exit>255 and plugin=a", "exit>255 never holds: exit is between 0 and 255 @1"],
  ["depth<0", "depth<0 never holds: depth is between 0 and 1000 @1"],
  ["duration>2s and plugin=a and duration<1s", "duration>2s and duration<1s never hold for one call @30"],
  ["exit>3 and exit<5 and exit!=4", "exit>3 and exit<5 and exit!=4 never hold for one call @23"],
  ["plugin=calico and not plugin=calico", "plugin=calico and plugin!=calico never hold for one call @23"],
  ["plugin=calico and plugin=port*", "plugin=calico and plugin=port* never hold for one call @19"],
  ["plugin in (a, b) and plugin ~ c", "plugin in (a, b) and plugin~c never hold for one call @22"],
  ["failed and ok", "outcome in (failed, killed) and outcome=ok never hold for one call @12"],
  [
    "outcome not in (ok, failed, running, killed, unknown)",
    "outcome not in (ok, failed, running, killed, unknown) never hold for one call @1",
  ],
  ["container=abc and container=abd", "container=abc and container=abd never hold for one call @19"],
  ["pod=a and pod=b", "pod=a and pod=b never hold for one call @11"],
  ["since=1m and until=2m", "time>=1m and time<=2m never hold for one call @14"],
  ["exit=300 or (command=ADD and command=DEL)", "exit=300 never holds: exit is between 0 and 255 @1"],
  ["not (plugin!=a or plugin=a)", "plugin=a and plugin!=a never hold for one call @19"],
  ["signal=99", "signal=99 never holds: signal is between 1 and 64 @1"],
]

for (const [text, expected] of NEVER) test(`never: ${text}`, () => assert.equal(why(text), expected))

const PERHAPS = [
  "",
  "failed",
  "command=ADD or command=DEL",
  "command in (ADD, FOO)",
  "exit=300 or failed",
  "exit>3 and exit<5",
  "duration>1s and duration<1001ms",
  "plugin=a and plugin!=b",
  "plugin=a* and plugin=*b",
  "pod=a and pod=shop/a",
  "container=abc and container=abcd",
  "ip=10.0.0.1 and ip=10.0.0.2",
  "id=a and id=b",
  "not exit=0 and not exit!=0",
  "text ~ a and text !~ a",
  `(${Array.from({ length: 12 }, () => "(plugin=a or plugin=b)").join(" and ")}) and plugin=c`,
]

for (const text of PERHAPS) test(`perhaps: ${text.slice(0, 60)}`, () => assert.equal(why(text), undefined))
