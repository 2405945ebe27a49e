import { indexedSegment, isSegmentName } from "./segment-name.ts"

/** Limit of all segments together, unless the operator sets another. src/relay/hosts/config.h states it for the relay. */
export const DEFAULT_MAX_SIZE_BYTES = 256 * 1024 * 1024

/** The files of a directory. */
export type SegmentFiles = {
  list(directory: string): { name: string; sizeBytes: number }[]
  remove(directory: string, file: string): void
}

/** Removes the oldest segments and their indexes until the rest fits. The current segment is never removed. */
export function prune(host: SegmentFiles, directory: string, maxSizeBytes: number, current: string): void {
  const files = host.list(directory).flatMap((file) => {
    const segment = isSegmentName(file.name) ? file.name : indexedSegment(file.name)
    return segment === undefined ? [] : [{ ...file, segment }]
  })
  const segments = files.filter(({ name, segment }) => name === segment).map(({ name }) => name)
  for (const { name, segment } of files) if (!segments.includes(segment)) host.remove(directory, name)
  const left = files.filter(({ segment }) => segments.includes(segment))
  let total = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  for (const oldest of segments.sort()) {
    if (total <= maxSizeBytes) return
    if (oldest === current) continue
    for (const { name, sizeBytes } of left.filter(({ segment }) => segment === oldest)) {
      host.remove(directory, name)
      total -= sizeBytes
    }
  }
}
