/** Replaces a secret in the record. */
export const REDACTED = "[redacted]"

export type Redaction = {
  text: string
  /** JSON pointers of the replaced values, `text` for matches in free text; empty if nothing was replaced */
  redacted: string[]
}

/** A redaction with a budget. `isCut`: it was used up, and the rest of the text is missing. */
export type BoundedRedaction = Redaction & { isCut: boolean }
