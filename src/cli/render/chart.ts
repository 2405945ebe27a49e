/** Charts of block characters, without colour. */

const EIGHTHS_WIDE = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
const EIGHTHS_HIGH = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** A horizontal bar of a share (0 to 1) of the width; anything above 0 is visible. */
export function bar(share: number, width: number): string {
  const eighths = share > 0 ? Math.max(1, Math.round(share * width * 8)) : 0
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS_WIDE[eighths % 8]
}

/** Vertical bars, one character wide, as lines from top to bottom. */
export function columnChart(values: readonly number[], height: number): string[] {
  const most = Math.max(...values, 0)
  return Array.from({ length: height }, (_, line) => {
    const below = (height - 1 - line) * 8
    return values
      .map((value) => {
        const eighths = value > 0 && most > 0 ? Math.max(1, Math.round((value / most) * height * 8)) : 0
        return EIGHTHS_HIGH[Math.max(0, Math.min(8, eighths - below))] ?? " "
      })
      .join("")
  })
}

/** Reduces values to at most `width`: each is the maximum of those that it replaces. */
export function squeezed(values: readonly number[], width: number): number[] {
  const each = Math.max(1, Math.ceil(values.length / width))
  return Array.from({ length: Math.ceil(values.length / each) }, (_, at) =>
    Math.max(...values.slice(at * each, (at + 1) * each)),
  )
}
