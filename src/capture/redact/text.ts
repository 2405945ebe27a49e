/** A text that is searched. Positions in `content` are not those in the source if that contains escapes. */
export interface SearchText {
  /** with escapes resolved, ANSI colours removed, and U+007F in place of each character that is not ASCII */
  readonly content: string
  /** triples: how bytes are written there (`NOTATION`), and the range */
  readonly encoded: readonly number[]
  /**
   * The first mark from this position on, and of those at this position with an index in `MARKS` of at least `mark`: its
   * position times `MARK_LIMIT` plus its index; -1 if there is none, `SPENT` if the search has used up its budget.
   */
  nextHit(from: number, mark: number): number
  /** End of the run of characters of the class that starts at `from`. */
  runEnd(from: number, of: number): number
  /** Start of the run of characters of the class that ends at `to`. */
  runStart(to: number, notBefore: number, of: number): number
  /** End of the content of a string: its closing quote is preceded by as many backslashes as its opening one. */
  contentEnd(from: number, quote: number, slashes: number): number
  /** Values in the object or list that opens at `from`: triples of 1 for a string or 0, and the range. Last: 2, and its end twice. */
  leaves(from: number): readonly number[]
  /** Counts work that the search does itself against its budget; a step is about 0.1 microseconds of the relay's engine. */
  spend(steps: number): void
  /** Positions in the source of the character at this position: where it starts, and where the one before it ends. */
  sourceStart(at: number): number
  sourceEnd(at: number): number
}

/** Opens texts, in a script or in native code. It keeps one at a time: opening another closes the last one. */
export interface TextOpener {
  open(source: string): SearchText
  /** The bytes written in this range of the text that was last opened with `open`: a text whose positions lead to its source. */
  openBytes(notation: number, from: number, to: number): SearchText
  /** Frees what was opened. */
  close(): void
  /**
   * The JSON pointers (RFC 6901) of the values and keys at these places of a text, which are in its order; `text` for a place
   * that has none, and for all of them if the text up to the last one is not JSON. May leave out repetitions.
   */
  pointers(text: string, places: readonly number[]): string[]
}

/** What `nextHit` returns when the rest of the text must not be searched. */
export const SPENT = -2

/** More than there are marks. */
export const MARK_LIMIT = 1024

export const NOTATION = { decimal: 0, hex: 1, hexList: 2 } as const

/** Classes of ASCII characters by number; the other characters belong to those that contain U+007F. */
export const CLASS = {
  digits: 0,
  hex: 1,
  alnum: 2,
  word: 3,
  base64: 4,
  dotted: 5,
  crypt: 6,
  path: 7,
  blank: 8,
  space: 9,
  line: 10,
  value: 11,
  address: 12,
  host: 13,
  name: 14,
  slash: 15,
  letter: 16,
  lowerPath: 17,
  sign: 18,
} as const

const DIGITS = "0123456789"
const LOWER = "abcdefghijklmnopqrstuvwxyz"
const LETTERS = LOWER + LOWER.toUpperCase()
const ALNUM = DIGITS + LETTERS
const PRINTABLE = `${ALNUM} !#$%&()*+-./:<=>?@^_\`|~;,[]{}\u007f`

/** The characters of each class, in the order of `CLASS`. */
export const CLASSES: readonly string[] = [
  DIGITS,
  `${DIGITS}abcdefABCDEF`,
  ALNUM,
  `${ALNUM}_-`,
  `${ALNUM}+/=_-.`,
  `${ALNUM}_-.=~`,
  `${ALNUM}./$=+,_-`,
  `${ALNUM}_-./:@%~=`,
  " \t",
  " \t\r\n",
  // the rest of a line
  `${PRINTABLE}"'\\\t`,
  // A value ends at white space, quotes, a backslash and the punctuation that closes it.
  without(PRINTABLE, " ,;})]"),
  // `user:password@host/path`, URLs
  `${without(PRINTABLE, " <>")}\\`,
  without(PRINTABLE, " <>/?#"),
  `${ALNUM}_-.`,
  "\\",
  `${LETTERS}\u007f`,
  `${LOWER}${DIGITS}-._/`,
  // `:`, `=`, `:=`, `==` and `=>`
  ":=>",
]

function without(characters: string, others: string): string {
  return [...characters].filter((character) => !others.includes(character)).join("")
}
