/**
 * Joins the begin record of a call with its end record, by call id. The caller chooses what `Begin` is: the whole
 * record, the record with its location, or only the fields that an index has.
 */
export class Joiner<Begin> {
  readonly #open = new Map<string, Begin>()

  /** A begin record that is read a second time replaces the first. */
  begin(id: string, begin: Begin): void {
    this.#open.set(id, begin)
  }

  /** What an end record completes. Undefined for an orphan: the begin record was not read, or already has its end. */
  end(id: string): Begin | undefined {
    const begin = this.#open.get(id)
    this.#open.delete(id)
    return begin
  }

  /** The begin record of a call without an end record so far. */
  find(id: string): Begin | undefined {
    return this.#open.get(id)
  }

  /** Calls without an end record so far, in the order they were read. */
  open(): Begin[] {
    return [...this.#open.values()]
  }
}
