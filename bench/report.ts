import type { Timing } from "./rounds.ts"

/** One measurement without and with the relay or a probe. */
export type Measurement = { what: string; bare: Timing; ours: Timing }

export type Throughput = {
  what: string
  atOnce: number
  calls: number
  bareCallsPerS: number
  wrappedCallsPerS: number
  share: number
}

export type Report = {
  machine: { cpu: string; cpus: number; kernel: string; descriptors: number }
  rounds: number
  probeRounds: number
  latency: Measurement[]
  probe: Measurement
  recorders: Recorder[]
  searches: Search[]
  throughput: Throughput[]
  peakBytes: number
  /** with 1 GiB on stdout and on stderr */
  floodPeakBytes: number
  sizeBytes: number
}

/** One way to record, of the same plugin. The first is none, the second the floor. */
export type Recorder = { what: string; timing: Timing }

/** Processor time that the search for secrets adds to a call with this content of 64 KiB; sorted. */
export type Search = { what: string; processorMs: number }

/** The limit of descriptors that some runtimes set for their children. */
export const MILLION = 1_048_576

export type Budget = {
  what: string
  value: number
  unit: string
  atMost?: number
  atLeast?: number
  isReached: boolean
}

/** The project's budgets and what was measured. */
export function targetsOf({
  latency,
  probe,
  recorders,
  searches,
  throughput,
  peakBytes,
  floodPeakBytes,
  sizeBytes,
}: Report): Budget[] {
  const [, , relay] = comparisons(recorders)
  return [
    atMost("added time, as a multiple of the floor's", relay?.timeRatio ?? Number.NaN, 1.8, "times"),
    atMost("added processor time, likewise", relay?.processorRatio ?? Number.NaN, 1.8, "times"),
    ...latency.flatMap(({ what, bare, ours }) => [
      atMost(`added, p50: ${what}`, ours.p50Ms - bare.p50Ms, 1, "ms"),
      atMost(`added, p99: ${what}`, ours.p99Ms - bare.p99Ms, 3, "ms"),
    ]),
    atLeast("probe: Python's time in ours", probe.bare.p50Ms / probe.ours.p50Ms, 20, "times"),
    ...throughput.map(({ what, share }) => atLeast(`throughput: ${what}`, share * 100, 95, "% of bare")),
    atMost("search of 64 KiB, worst content", searches.at(-1)?.processorMs ?? Number.NaN, 3, "ms of processor time"),
    atMost("peak memory", peakBytes / 1e6, 2, "MB"),
    atMost("peak memory, streams of 1 GiB", floodPeakBytes / 1e6, 2, "MB"),
    atMost("executable", sizeBytes / 1e6, 1.5, "MB"),
  ]
}

function atMost(what: string, value: number, limit: number, unit: string): Budget {
  return { what, value: rounded(value), unit, atMost: limit, isReached: value <= limit }
}

function atLeast(what: string, value: number, limit: number, unit: string): Budget {
  return { what, value: rounded(value), unit, atLeast: limit, isReached: value >= limit }
}

type Comparison = { addedMs: number; addedProcessorMs: number; timeRatio: number; processorRatio: number }

/** What each adds to the plugin, and as a multiple of what the floor adds. */
function comparisons(recorders: readonly Recorder[]): Comparison[] {
  const [none, floor] = recorders
  if (!none || !floor) return []
  const added = ({ timing }: Recorder) => timing.p50Ms - none.timing.p50Ms
  const addedProcessor = ({ timing }: Recorder) => timing.processorMs - none.timing.processorMs
  return recorders.map((recorder) => ({
    addedMs: added(recorder),
    addedProcessorMs: addedProcessor(recorder),
    timeRatio: added(recorder) / added(floor),
    processorRatio: addedProcessor(recorder) / addedProcessor(floor),
  }))
}

/** For people. */
export function table(report: Report, targets: readonly Budget[]): string {
  const { machine, rounds, probeRounds, latency, probe, recorders, searches, throughput } = report
  const compared = comparisons(recorders)
  const ms = (value: number) => value.toFixed(3)
  const times = ({ what, bare, ours }: Measurement) => [
    what,
    ...[bare.p50Ms, ours.p50Ms, ours.p50Ms - bare.p50Ms, bare.p99Ms, ours.p99Ms, ours.p99Ms - bare.p99Ms].map(ms),
  ]
  return [
    `${machine.cpus} x ${machine.cpu}, Linux ${machine.kernel}`,
    ...(machine.descriptors < MILLION
      ? [`This machine allows no process more than ${machine.descriptors} descriptors; a million were wanted.`]
      : []),
    "",
    ...columns([
      [`latency in ms, ${rounds} rounds`, "p50 bare", "ours", "added", "p99 bare", "ours", "added"],
      ...latency.map(times),
      [`${probe.what} (${probeRounds})`, ...times(probe).slice(1)],
    ]),
    "",
    ...columns([
      ["recorders of one plugin", "p50 ms", "added", "x floor", "processor ms", "added", "x floor"],
      ...recorders.map(({ what, timing }, at) => [
        what,
        ms(timing.p50Ms),
        ms(compared[at]?.addedMs ?? 0),
        (compared[at]?.timeRatio ?? 0).toFixed(2),
        ms(timing.processorMs),
        ms(compared[at]?.addedProcessorMs ?? 0),
        (compared[at]?.processorRatio ?? 0).toFixed(2),
      ]),
    ]),
    "",
    ...columns([
      [`search of 64 KiB, ${searches.length} contents`, "processor ms"],
      ["the median", ms(searches[searches.length >> 1]?.processorMs ?? Number.NaN)],
      ...searches.slice(-5).map(({ what, processorMs }) => [JSON.stringify(what), ms(processorMs)]),
    ]),
    "",
    ...columns([
      ["calls a second", "at once", "calls", "bare", "wrapped", "share"],
      ...throughput.map(({ what, atOnce, calls, bareCallsPerS, wrappedCallsPerS, share }) => [
        what,
        String(atOnce),
        String(calls),
        bareCallsPerS.toFixed(0),
        wrappedCallsPerS.toFixed(0),
        `${(share * 100).toFixed(1)} %`,
      ]),
    ]),
    "",
    ...columns([
      ["target", "measured", "wanted", "reached"],
      ...targets.map(({ what, value, unit, atMost: most, atLeast: least, isReached }) => [
        what,
        `${value} ${unit}`,
        most === undefined ? `>= ${least}` : `<= ${most}`,
        isReached ? "yes" : "NO",
      ]),
    ]),
  ].join("\n")
}

/** The first column is left-aligned, numbers are right-aligned. */
function columns(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)))
  return rows.map((cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
  )
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
