/** The names of Linux' signals on x86-64 and arm64, by number from 1. */
const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
    .split(" ")
    .map((name) => `SIG${name}`)

export function signalName(number: number): string {
  return NAMES[number - 1] ?? `SIG${number}`
}

/** The number of a signal by its name; 0 for an unknown name. */
export function signalNumber(name: string): number {
  return NAMES.indexOf(name) + 1
}
