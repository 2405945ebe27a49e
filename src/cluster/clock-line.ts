const START = '{"kind":"Clock","nowMs":'

/** What `cnitap __clock VERB` prints before what the verb prints: the clock of the node, since 1970. */
export function clockLine(nowMs: number): string {
  return `${START}${nowMs}}\n`
}

/** Takes this line out of what a node prints: `onClock` gets its time, `onData` everything else. */
export function clockReader<Result>(
  onData: (chunk: Buffer) => Result,
  onClock: (nodeMs: number) => void,
): (chunk: Buffer) => Result | undefined {
  let head: Buffer | undefined = Buffer.alloc(0)
  return (chunk) => {
    if (head === undefined) return onData(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf("\n")
    const text = head.toString("latin1", 0, end < 0 ? undefined : end)
    const isClock = text.startsWith(START)
    if (end < 0 && (isClock || START.startsWith(text))) return undefined
    const rest = isClock ? head.subarray(end + 1) : head
    head = undefined
    if (isClock) onClock(Number.parseInt(text.slice(START.length), 10))
    return rest.length > 0 ? onData(rest) : undefined
  }
}
