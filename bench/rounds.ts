import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { compiled } from "../test/doubles/double.ts"

/** One way to run a plugin. `%` in a value is replaced by the number of the worker. */
export type BenchCase = { program: string; env: Record<string, string>; stdin: string; descriptors: number }

/** `processorMs`: the median of the processor time of a call and its processes. */
export type Timing = { p50Ms: number; p99Ms: number; processorMs: number; peakBytes: number }

/** Runs every case once in each round and returns the timings in the order of the cases. */
export async function turns(
  folder: string,
  rounds: number,
  cases: readonly BenchCase[],
  progress: (done: number) => void,
): Promise<Timing[]> {
  const durations: number[][] = cases.map(() => [])
  const processor: number[][] = cases.map(() => [])
  const peaks: number[] = cases.map(() => 0)
  let calls = 0
  await run(folder, ["turns", String(rounds)], cases, (line) => {
    const [at = 0, ns = 0, us = 0, kilobytes = 0] = line.split(" ").map(Number)
    durations[at]?.push(ns / 1e6)
    processor[at]?.push(us / 1e3)
    peaks[at] = Math.max(peaks[at] ?? 0, kilobytes * 1024)
    progress(++calls / cases.length)
  })
  return durations.map((each, at) => {
    each.sort((a, b) => a - b)
    const used = processor[at]?.sort((a, b) => a - b) ?? []
    return {
      p50Ms: quantile(each, 0.5),
      p99Ms: quantile(each, 0.99),
      processorMs: quantile(used, 0.5),
      peakBytes: peaks[at] ?? 0,
    }
  })
}

/** Milliseconds that concurrent workers take to run each case so many times. */
export async function crowd(
  folder: string,
  workers: number,
  times: number,
  cases: readonly BenchCase[],
): Promise<number> {
  let ms = 0
  await run(folder, ["crowd", String(workers), String(times)], cases, (line) => {
    ms = Number(line) / 1e6
  })
  return ms
}

/** The values must be sorted. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function run(
  folder: string,
  order: readonly string[],
  cases: readonly BenchCase[],
  onLine: (line: string) => void,
): Promise<void> {
  const args = cases.flatMap(({ program, env, stdin, descriptors }, at) => {
    const file = join(folder, `stdin-${at}`)
    writeFileSync(file, stdin)
    return [
      "--case",
      file,
      String(descriptors),
      program,
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ]
  })
  const child = spawn(compiled(join(import.meta.dirname, "rounds.c")), [...order, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  let rest = ""
  child.stdout.setEncoding("latin1").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) onLine(line)
  })
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (status) => (status === 0 ? resolve() : reject(new Error(`rounds ended with ${status}`))))
  })
}
