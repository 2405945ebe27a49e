/** The event loop: timers, readable descriptors, and what was put off. The process ends when none is left. */
import * as native from "native"

type Callback = () => void
export type Timer = { dueMs: number; order: number; callback: Callback; isReferenced: boolean }

const timers = new Set<Timer>()
const readable = new Map<number, { callback: Callback; isReferenced: boolean }>()
const writable = new Map<number, Callback>()
let deferred: Callback[] = []
let order = 0

native.setTurn(turn)

export function addTimer(callback: Callback, delayMs: number): Timer {
  const timer = { dueMs: nowMs() + Math.max(1, delayMs), order: order++, callback, isReferenced: true }
  timers.add(timer)
  return timer
}

export function removeTimer(timer: Timer): void {
  timers.delete(timer)
}

/** Runs once in the next turn of the loop. */
export function defer(callback: Callback): void {
  deferred.push(callback)
}

/** Runs whenever the descriptor can be read. Returns what ends that. A signal's descriptor does not keep the process. */
export function onReadable(fd: number, callback: Callback, isReferenced = true): Callback {
  readable.set(fd, { callback, isReferenced })
  return () => readable.delete(fd)
}

/** Runs once, when the descriptor can be written. Returns what ends waiting for that. */
export function onceWritable(fd: number, callback: Callback): Callback {
  writable.set(fd, callback)
  return () => writable.delete(fd)
}

/** Milliseconds of the monotonic clock. */
export function nowMs(): number {
  return Number(native.monotonicNs()) / 1e6
}

/** Waits for the next event and runs its callbacks. False if nothing is left to wait for. */
function turn(): boolean {
  native.runJobs()
  const isAlive = [...timers, ...readable.values()].some(({ isReferenced }) => isReferenced)
  if (!isAlive && deferred.length === 0 && writable.size === 0) return false
  for (const fd of native.waitForDescriptors([...readable.keys()], [...writable.keys()], waitMs())) {
    const write = writable.get(fd)
    writable.delete(fd)
    run(write)
    run(readable.get(fd)?.callback)
  }
  runTimers()
  const callbacks = deferred
  deferred = []
  callbacks.forEach(run)
  return true
}

function waitMs(): number {
  if (deferred.length > 0) return 0
  const [first] = inOrder()
  return first ? Math.max(0, Math.ceil(first.dueMs - nowMs())) : -1
}

function runTimers(): void {
  const now = nowMs()
  for (const timer of inOrder()) {
    if (timer.dueMs > now || !timers.delete(timer)) continue
    run(timer.callback)
  }
}

function inOrder(): Timer[] {
  return [...timers].sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)
}

/** What a callback has settled is carried on before the next callback, as in Node.js. */
function run(callback: Callback | undefined): void {
  callback?.()
  native.runJobs()
}
