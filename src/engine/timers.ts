/** The timers that are global in Node.js. */
import { addTimer, defer, removeTimer, type Timer } from "./loop.ts"

export class Timeout {
  readonly timer: Timer

  constructor(timer: Timer) {
    this.timer = timer
  }

  unref(): this {
    this.timer.isReferenced = false
    return this
  }

  ref(): this {
    this.timer.isReferenced = true
    return this
  }
}

export function setTimeout<T extends unknown[]>(callback: (...args: T) => void, delayMs = 1, ...args: T): Timeout {
  return new Timeout(addTimer(() => callback(...args), delayMs))
}

export function clearTimeout(timeout: Timeout | undefined): void {
  if (timeout) removeTimer(timeout.timer)
}

export function setImmediate<T extends unknown[]>(callback: (...args: T) => void, ...args: T): void {
  defer(() => callback(...args))
}
