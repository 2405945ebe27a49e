import { FIELD_NAMES, fieldOf, fieldSource } from "./field.ts"
import { operatorsOf } from "./operand.ts"

/** How filters are written; help and documents print it, followed by `fieldLines`. */
export const GRAMMAR = `A filter is a condition, or several joined by and, or, not and brackets; and binds tighter than or.

  filter    = term { "or" term }
  term      = factor { "and" factor }
  factor    = "not" factor | "(" filter ")" | condition
  condition = field operator value
            | field ["not"] "in" "(" value { "," value } ")"
            | "failed" | "ok" | "running" | "killed"      the outcome
            | "since" "=" time | "until" "=" time
            | word | quoted                               in what a list shows
  operator  = "=" | "!=" | "~" | "!~" | ">" | ">=" | "<" | "<="

  =    is; * stands for any letters (pod=web-*), ids are compared by their beginning
  ~    contains, letters of either case; or /regular expression/ with flags i m s u
  !=   not =; !~ is not ~. They hold for what has no such value; numbers must be there to be compared.

Durations carry a unit (us, ms, s, m, h, d), sizes too (B, kB, MB, GB, KiB, MiB, GiB). A time is one ago (10m) or a date
(2026-09-21, 2026-09-21T03:00, 2026-09-21T03:00:00+09:00), in UTC unless it says otherwise. A value with blanks, brackets,
commas, quotes or operators is quoted: "..." or '...', with \\ before a quote.

A filter that names only what an operation has is asked of the operation as a whole; one that names anything of a
single call must hold for one of its calls.

  command=ADD and plugin=calico and duration>500ms and exit!=0
  failed and namespace in (shop, "kube-system") and since=10m
  plugin=host-local and msg ~ "no IP addresses available"
  ip=10.1.2.0/24 and not (command=DEL or command=CHECK)`

/** One line a field: its name, what it is, its operators. */
export function fieldLines(): string[] {
  const width = Math.max(...FIELD_NAMES.map((name) => name.length))
  return FIELD_NAMES.map((name) => {
    const { help } = fieldOf(name)
    const mark = fieldSource(name) === "stream" ? " (reads the streams: slower)" : ""
    return `${name.padEnd(width)}  ${help}${mark}  [${operatorsOf(name).join(" ")}]`
  })
}
