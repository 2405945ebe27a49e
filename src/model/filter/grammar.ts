import { FIELD_NAMES, fieldOf, fieldSource } from "./field.ts"
import { operatorsOf } from "./operand.ts"

/** What people look for most; the first thing that the help shows. */
const EXAMPLES = `  orders-0            a word of a name, an ID or an error
  10.1.2.3            who got an address
  failed since=10m    what failed in the last ten minutes
  failed and namespace in (shop, "kube-system")
  command=ADD and plugin=calico and duration>500ms
  plugin=host-local and msg ~ "no IP addresses available"
  ip=10.1.2.0/24 and not (command=DEL or command=CHECK)`

/** The syntax of filters, for help and documents; `fieldLines` follows it. */
export const GRAMMAR = `${EXAMPLES}

A filter is a condition, or several joined by and, or, not and brackets; and binds tighter than or, and may be left out.

  filter    = term { "or" term }
  term      = factor { [ "and" ] factor }
  factor    = "not" factor | "(" filter ")" | condition
  condition = field operator value
            | field ["not"] "in" "(" value { "," value } ")"
            | "failed" | "ok" | "running" | "killed"      the outcome
            | "since" "=" time | "until" "=" time
            | address                                     as ip=address
            | word | quoted                               in names, IDs and the error
  operator  = "=" | "!=" | "~" | "!~" | ">" | ">=" | "<" | "<="

  =    equal; * matches any text (pod=web-*); for IDs, = compares the beginning
  ~    contains, case-insensitive; or matches a /regular expression/ with flags i m s u
  !=   the opposite of =; !~ is the opposite of ~. Both also match a missing value, except in numeric fields.

Durations have a unit (us, ms, s, m, h, d), and so do sizes (B, kB, MB, GB, KiB, MiB, GiB). A time is a duration before now
(10m) or a date (2026-09-21, 2026-09-21T03:00, 2026-09-21T03:00:00+09:00), in UTC unless it has an offset. Quote values with
spaces, brackets, commas, quotes or operators: "..." or '...', with \\ before a quote inside.

A filter with only fields of whole operations (pod, command, outcome, duration) is tested on the operation. A filter with
a field of single calls (plugin, exit, stderr) matches an operation if one of its calls matches.
So "not plugin=bridge" finds every operation with a call of another plugin, also if it called bridge too.
`

/** One line per field: its name, its help and its operators. */
export function fieldLines(): string[] {
  const width = Math.max(...FIELD_NAMES.map((name) => name.length))
  return FIELD_NAMES.map((name) => {
    const { help } = fieldOf(name)
    const mark = fieldSource(name) === "stream" ? " (reads the streams: slower)" : ""
    return `${name.padEnd(width)}  ${help}${mark}  [${operatorsOf(name).join(" ")}]`
  })
}
