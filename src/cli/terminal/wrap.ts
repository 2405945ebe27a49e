/**
 * Wraps a line at spaces to fit a terminal and indents the following lines. Unchanged if `columns` is undefined.
 * `from`: the column at which the first line starts.
 */
export function wrap(text: string, columns: number | undefined, indent: number, from = indent): string {
  if ((columns ?? 0) - indent < 20) return text
  const lines: string[] = []
  let line = ""
  let width = (columns ?? 0) - from
  for (const word of text.split(" ")) {
    if (line !== "" && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line.trimEnd())
      line = word
      width = (columns ?? 0) - indent
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}

/** Terminal cells: wide East Asian letters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  let width = 0
  for (const character of text) width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

const ASCII = /^[\x20-\x7e]*$/
const MARK = /\p{Mark}|\u200d/u
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
