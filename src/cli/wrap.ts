/** Breaks a line at blanks so that it fits a terminal; lines after the first are indented. Unchanged without columns. */
export function wrap(text: string, columns: number | undefined, indent: number): string {
  const width = (columns ?? 0) - indent
  if (width < 20) return text
  const lines: string[] = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}
