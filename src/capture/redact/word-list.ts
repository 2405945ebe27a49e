/**
 * Words by their first letter, each between blanks. The relay keeps them in memory that was prepared when it was built,
 * where an object with a property for each would take ten times as much.
 */
export type WordList = Record<string, string>

export function isListed(words: WordList, word: string): boolean {
  const own = words[word.charAt(0)]
  return own?.includes(` ${word} `) === true
}

/** What follows the word and a colon: one letter; undefined if it is not listed. */
export function listedAs(words: WordList, word: string): string | undefined {
  const own = words[word.charAt(0)]
  if (own === undefined) return undefined
  const at = own.indexOf(` ${word}:`)
  return at < 0 ? undefined : own.charAt(at + word.length + 2)
}
