import { stringEnd } from "./json-scan.ts"

/** JSON on one line with the spacing of Python's json.dumps; tokens are unchanged. Other text becomes one line. */
export function pythonJson(text: string): string {
  if (!text.trimStart().startsWith("{")) return text.replaceAll("\n", " ").trim()
  const parts: string[] = []
  let at = 0
  while (at < text.length) {
    const character = text.charAt(at)
    const to = character === '"' ? stringEnd(text, at) : at + 1
    if (character === "," || character === ":") parts.push(character, " ")
    else if (character > " ") parts.push(text.slice(at, to))
    at = to
  }
  return parts.join("")
}
