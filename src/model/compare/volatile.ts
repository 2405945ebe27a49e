import type { Call } from "../call.ts"

/** Replaces the volatile parts of a text by placeholders such as `<ip>`; `stream` is where the text is from. */
export type Mask = (text: string, stream?: string) => string

/** Masks what is specific to one call: its pod, container and namespaces, and every address, MAC, ID and time. */
export function maskOf({ containerId, pod, netns, node, path }: Call): Mask {
  const own: [RegExp, string][] = [
    ...anywhere(netns, "<netns>"),
    // Tests put their plugins into a new directory each time.
    ...anywhere(path.slice(0, path.lastIndexOf("/")), "<bin>"),
    ...anywhere(containerId, "<container>"),
    ...anywhere(pod?.uid, "<uid>"),
    ...asWord(pod?.name, "<pod>"),
    ...asWord(pod?.namespace, "<namespace>"),
    ...asWord(node, "<node>"),
  ]
  return (text, stream) => {
    let masked = text
    for (const [pattern, placeholder] of own) masked = masked.replace(pattern, placeholder)
    masked = maskAnywhere(masked)
    // A duration in a configuration is a setting; in a log it is the time that this call took.
    return stream === "stderr" ? masked.replace(LOGGED_NUMBER, "<n>") : masked
  }
}

/** Masks every address, MAC, ID and time. */
export function maskAnywhere(text: string): string {
  let masked = text
  for (const [pattern, placeholder] of EVERYWHERE) masked = masked.replace(pattern, placeholder)
  return masked
}

function anywhere(value: string | undefined, placeholder: string): [RegExp, string][] {
  return value && value.length > 2 ? [[new RegExp(escaped(value), "g"), placeholder]] : []
}

/** As a whole word: the pod `web` does not occur in `webhook`, but the namespace `shop` occurs in `shop.svc`. */
function asWord(value: string | undefined, placeholder: string): [RegExp, string][] {
  return value ? [[new RegExp(`(?<![\\w-])${escaped(value)}(?![\\w-])`, "g"), placeholder]] : []
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")
}

/**
 * Where an address may begin: not inside a word or another address, but after `IP:` as Go prints a field. The length of
 * the field's name is bounded, so that a hostile log line does not take time in proportion to its square.
 */
const START = "(?<=^|[^\\w:]|(?:^|[^\\w:])\\w{0,16}[g-z_]\\w{0,16}:)"
const END = "(?![\\w:])"
const HEX = "[0-9a-f]{1,4}"

/**
 * In this order: any three octets of a MAC may look like a time of day, and so may a part of an IPv6 address; a time that
 * has a date must not lose its time of day to them.
 */
const EVERYWHERE: readonly [RegExp, string][] = [
  // RFC 3339, Go's log package, klog's header (`I0921 03:00:00.123456   1234`)
  [
    /\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?|\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+\b/g,
    "<time>",
  ],
  [new RegExp(`${START}(?:[0-9a-f]{2}:){5}[0-9a-f]{2}${END}`, "gi"), "<mac>"],
  [/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "<ip>"],
  // Eight groups, or fewer around `::`; the last two may be written as an IPv4 address.
  [new RegExp(`${START}(?:${HEX}:){7}${HEX}${END}`, "gi"), "<ip>"],
  [new RegExp(`${START}(?:${HEX}(?::${HEX})*)?::(?:(?:${HEX}:)*(?:${HEX}|<ip>))?${END}`, "gi"), "<ip>"],
  [/(?<![\w:])\d\d:\d\d:\d\d(?:[.,]\d+)?(?![\w:])/g, "<time>"],
  [/\b(?:veth|cali|lxc|eni|azv|vnet|bwp)[0-9a-f_]{4,}\b/gi, "<veth>"],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<uid>"],
  [/\b[0-9a-f]{12,}\b/gi, "<id>"],
]

const LOGGED_NUMBER = /\b\d+(?:\.\d+)?(?:ns|µs|us|ms|s)\b|(?<=\bpid[ =:]{1,2})\d+\b/gi
