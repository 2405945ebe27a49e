import type { Call } from "../call.ts"

/** Replaces what differs between any two pods by words; `where` is the stream that the text is from. */
export type Mask = (text: string, where?: string) => string

/** Masks what belongs to the one call: its pod, container and namespace, and every address, MAC, id and time. */
export function maskOf({ containerId, pod, netns, node, path }: Call): Mask {
  const own: [RegExp, string][] = [
    ...anywhere(netns, "<netns>"),
    // A test's plugins lie in another directory each time.
    ...anywhere(path.slice(0, path.lastIndexOf("/")), "<bin>"),
    ...anywhere(containerId, "<container>"),
    ...anywhere(pod?.uid, "<uid>"),
    ...asWord(pod?.name, "<pod>"),
    ...asWord(pod?.namespace, "<namespace>"),
    ...asWord(node, "<node>"),
  ]
  return (text, where) => {
    let masked = text
    for (const [pattern, word] of own) masked = masked.replace(pattern, word)
    masked = masked
      .replace(TIME, "<time>")
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, "<mac>")
      .replace(/\b(?:veth|cali|lxc|eni|azv|vnet)[0-9a-f_]{4,}\b/gi, "<veth>")
      .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "<ip>")
      .replace(/(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi, "<ip>")
      .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<uid>")
      .replace(/\b[0-9a-f]{12,}\b/gi, "<id>")
    // A duration in a configuration is a setting; in a log it is what this one call took.
    return where === "stderr" ? masked.replace(LOGGED, "<n>") : masked
  }
}

function anywhere(value: string | undefined, word: string): [RegExp, string][] {
  return value && value.length > 2 ? [[new RegExp(literal(value), "g"), word]] : []
}

/** A pod `web` is not in `webhook`, but its namespace is in `shop.svc`. */
function asWord(value: string | undefined, word: string): [RegExp, string][] {
  return value ? [[new RegExp(`(?<![\\w-])${literal(value)}(?![\\w-])`, "g"), word]] : []
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
}

/** RFC 3339, Go's log package, klog's header (`I0921 03:00:00.123456   1234`), a bare time of day. */
const TIME =
  /\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+\b|\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g

const LOGGED = /\b\d+(?:\.\d+)?(?:ns|µs|us|ms|s)\b|(?<=\bpid[ =:]{1,2})\d+\b/gi
