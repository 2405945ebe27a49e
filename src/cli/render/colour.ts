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

/** Colours only where a person looks and did not say no (NO_COLOR, TERM=dumb); words alone always tell the same. */
export function painter({ stdout, env }: Pick<Context, "stdout" | "env">): Paint {
  const isWanted = stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb"
  return (text, colour) => (isWanted && colour ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text)
}

/**
 * Text that a plugin, a pod's name or a file brought, safe for a terminal: control characters are shown, not obeyed.
 */
export function visible(text: string): string {
  return text.replace(CONTROL, (character) =>
    character === "\t" ? "\t" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  )
}

/** Text of any number of lines: safe where it goes to a terminal, as it is where it goes to a program. */
export function shown({ stdout }: Pick<Context, "stdout">, text: string): string {
  return stdout.isTTY ? text.split("\n").map(visible).join("\n") : text
}

// Controls (C0, DEL, C1), and the marks that turn the direction of writing.
const CONTROL = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu
