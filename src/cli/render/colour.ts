import type { Context } from "../context.ts"

export type Colour = "red" | "green" | "yellow" | "dim" | "bold"

const CODES: Record<Colour, readonly [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
}

export type Paint = (text: string, colour: Colour | undefined) => string

/** Colours text on a terminal, unless NO_COLOR or TERM=dumb is set. No information is in the colour alone. */
export function painter({ stdout, env }: Pick<Context, "stdout" | "env">): Paint {
  const isWanted = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb"
  return (text, colour) => (isWanted && colour ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text)
}

/**
 * Makes text from a plugin, a pod name or a file safe for a terminal: control characters are shown as escapes.
 */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === "\t" ? "\t" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  )
}

/** Text of several lines: safe for a terminal, unchanged in a pipe. */
export function shown({ stdout }: Pick<Context, "stdout">, text: string): string {
  return stdout.isTTY ? text.split("\n").map(visible).join("\n") : text
}

// Control characters (C0, DEL, C1) and those that change the direction of text.
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu
