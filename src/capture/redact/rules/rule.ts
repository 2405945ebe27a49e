/**
 * Rules are data. Adding one is adding one entry, with examples: `finds` are texts in which `«` and `»` enclose what is
 * replaced, `keeps` are texts that stay as they are. A test checks every example; the relay contains none of them.
 */
export type Examples = { finds: readonly string[]; keeps: readonly string[] }

/** Characters that a token consists of; see `CLASSES` in text.ts. */
export type Alphabet = "digits" | "hex" | "alnum" | "word" | "base64" | "dotted" | "crypt" | "path"

/**
 * A secret that is recognized by a literal in it, in exactly this case, followed by at least `min` and at most `max`
 * characters of the alphabet. `before`: this many of them precede the literal.
 */
export type TokenRule = Examples & {
  literals: readonly string[]
  of: Alphabet
  min: number
  max?: number
  before?: number
  /** the literal itself is not secret: only what follows it is replaced */
  isPublic?: true
  /** base64 that is broken into lines */
  isWrapped?: true
}

/**
 * What a word in a name means. `secret`: the name is one of a secret, unless a `describes` word comes last. `weak`: only
 * as the last word, and only if the value is neither a number nor a mode such as `basic`. `describes`: the value is about a
 * secret, not the secret. `refers`, `locates`: it is the name of an object or a path, and is kept if it looks like one. `open key` and
 * `closed key`: which keys are public, and which are secret also in the plural and in sentences. `object`: the whole name,
 * of an object that only refers to secrets. `neutral`: ignored at the end of a name. `plain`: words that only end in `key`.
 */
export type WordMeaning =
  | "secret"
  | "weak"
  | "key"
  | "describes"
  | "refers"
  | "locates"
  | "open key"
  | "closed key"
  | "object"
  | "neutral"
  | "plain"

export type WordRule = Examples & { words: string; mean: WordMeaning; marks?: readonly string[] }

/** Commands, and the switches whose value is secret. `part`: only what follows the first colon of the value. */
export type CommandRule = Examples & { commands: readonly string[]; switches: string; part?: true }

/** A secret by the words before it in its line: after the mark, the first run of at least `min` hexadecimal digits. */
export type LineRule = Examples & { marks: readonly string[]; min: number }
