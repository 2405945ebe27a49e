/** Aborts on Ctrl-C and on SIGTERM, the first of which does not end the process. */
export function endSignal(): AbortSignal {
  const end = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end.abort())
  return end.signal
}
