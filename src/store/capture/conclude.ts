import type { Capture } from "./capture.ts"
import { type FollowedCall, Follower, type OpenRecords } from "./follower.ts"
import { ReadErrors } from "./read-errors.ts"
import type { Segment } from "./segments.ts"

/**
 * What became of calls that have no end in segments of these sizes. Their processes are looked up, and then what was
 * appended since is read: a process that exited meanwhile has written its end record by then, so that a call that
 * ended is never taken for killed.
 */
export async function conclude(
  capture: Capture,
  segments: readonly Segment[],
  open: readonly OpenRecords[],
): Promise<FollowedCall[]> {
  if (open.length === 0) return []
  // Its lines are counted by the next reader, which reads them as a whole.
  const follower = new Follower(capture, new ReadErrors())
  for (const segment of segments) follower.skip(segment)
  const calls = new Map<string, FollowedCall>()
  for (const records of open) calls.set(records.begin.record.id, { ...records, state: follower.resume(records) })
  for await (const call of follower.next()) {
    const { id } = call.begin.record
    if (calls.has(id)) calls.set(id, call)
  }
  return [...calls.values()]
}
