import { escapedCharacter, INVISIBLE, unicodeEscape } from "../../model/invisible.ts"
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

/** Colours text if they are wanted. No information is in the colour alone. */
export function painter(context: Pick<Context, "stdout" | "env" | "colour">): Paint {
  const isWanted = wantsColour(context)
  return (text, colour) => (isWanted && colour ? `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m` : text)
}

export const COLOUR_CHOICES = ["auto", "always", "never"] as const

export type ColourChoice = (typeof COLOUR_CHOICES)[number]

/** `--color`; then NO_COLOR (https://no-color.org), FORCE_COLOR and CLICOLOR_FORCE; then whether it is a terminal. */
function wantsColour({ stdout, env, colour = "auto" }: Pick<Context, "stdout" | "env" | "colour">): boolean {
  if (colour !== "auto") return colour === "always"
  if (env.NO_COLOR) return false
  if ([env.FORCE_COLOR, env.CLICOLOR_FORCE].some((value) => value && value !== "0")) return true
  return stdout.isTTY === true && env.TERM !== "dumb"
}

/**
 * Makes text from a plugin, a pod name or a file safe for a terminal: characters that control it, are
 * invisible or change the direction of text are shown as escapes.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => (character === "\t" ? "\t" : escapedCharacter(character)))
}

/** JSON in which these characters are escapes too, so that it is safe for a terminal and still the same value. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(INVISIBLE, (text) =>
    text === "\n" ? text : [...Array(text.length).keys()].map((at) => unicodeEscape(text.charCodeAt(at))).join(""),
  )
}

/** Text of several lines: safe for a terminal, unchanged in a pipe. */
export function shown({ stdout }: Pick<Context, "stdout">, text: string): string {
  return stdout.isTTY ? text.split("\n").map(visible).join("\n") : text
}
