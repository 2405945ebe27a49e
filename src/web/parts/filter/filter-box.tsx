import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import { type Completion, complete, type Suggestion } from "../../../model/filter/complete.ts"
import { expectationAtEnd } from "../../../model/filter/parse.ts"
import { withZone } from "../../../model/filter/time-range.ts"
import { knownValues } from "../../state/known-values.ts"
import { nowMs } from "../../state/now.ts"
import { offsetMs } from "../../state/preferences/time-zone.ts"
import { filterProblem, isSearching } from "../../state/query.ts"
import { go, route } from "../../state/route.ts"
import { prepareSearchTexts } from "../../state/search-texts.ts"
import "./filter-box.css"

const SHOWN = 12
/** The list is not filtered again at each key. */
const PAUSE_MS = 150

/** The filter with completion. It takes effect while typing. */
export function FilterBox() {
  const { q } = route.value
  const [text, setText] = useState(q)
  const [completion, setCompletion] = useState<Completion>()
  const [chosen, setChosen] = useState(-1)
  const filter = filterOf(text)
  const input = useRef<HTMLInputElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const cursorAfterAccept = useRef<number>(undefined)
  useEffect(() => {
    if (q !== filter) setText(q)
  }, [q])
  // Keys may arrive before the next frame: the cursor must be set together with the text.
  useLayoutEffect(() => {
    const at = cursorAfterAccept.current
    if (at === undefined) return
    cursorAfterAccept.current = undefined
    input.current?.setSelectionRange(at, at)
    suggest()
  }, [text])
  const shown = completion?.suggestions.slice(0, SHOWN) ?? []
  const isOpen = shown.length > 0
  const close = () => {
    setCompletion(undefined)
    setChosen(-1)
  }
  const write = (value: string) => {
    setText(value)
    clearTimeout(timer.current)
    if (!isIncomplete(value)) timer.current = setTimeout(() => go({ q: filterOf(value) }, "replace"), PAUSE_MS)
  }
  const suggest = () => {
    const element = input.current
    if (!element) return
    setCompletion(complete(element.value, element.selectionStart ?? element.value.length, knownValues.peek()))
    setChosen(-1)
  }
  const accept = ({ text: word }: Suggestion) => {
    if (!completion || !input.current) return
    const before = text.slice(0, completion.from) + word
    const blank = wantsBlank(before) ? " " : ""
    write(`${before}${blank}${text.slice(completion.to).trimStart()}`)
    close()
    cursorAfterAccept.current = before.length + blank.length
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const suggestion = shown[chosen] ?? (event.key === "Tab" && text ? shown[0] : undefined)
    if (isOpen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const step = event.key === "ArrowDown" ? 1 : -1
      setChosen((at) => (at + step + shown.length + (at < 0 && step < 0 ? 1 : 0)) % shown.length)
    } else if (event.key === "ArrowDown") suggest()
    else if (suggestion && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) accept(suggestion)
    else if (event.key === "Enter") {
      clearTimeout(timer.current)
      go({ q: filter })
      setText(filter)
      close()
      input.current?.blur()
    } else if (event.key === "Escape" && isOpen) {
      close()
      event.stopPropagation()
    } else return
    event.preventDefault()
  }
  return (
    <div class="filter-box">
      <input
        ref={input}
        class="filter mono"
        type="text"
        role="combobox"
        aria-label="filter"
        aria-expanded={isOpen}
        aria-controls="filter-suggestions"
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `suggestion-${chosen}` : undefined}
        aria-invalid={filterProblem.value !== undefined}
        placeholder="words, an address, or plugin=bridge and duration>50ms"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => {
          write(event.currentTarget.value)
          suggest()
        }}
        onFocus={prepareSearchTexts}
        onClick={suggest}
        onBlur={() => {
          close()
          clearTimeout(timer.current)
          setText(filter)
          if (filter !== q) go({ q: filter }, "replace")
        }}
        onKeyDown={onKeyDown}
      />
      <div class="suggestions" id="filter-suggestions" role="listbox" aria-label="suggestions" hidden={!isOpen}>
        {shown.map((suggestion, at) => (
          <div
            key={suggestion.text}
            id={`suggestion-${at}`}
            role="option"
            tabIndex={-1}
            aria-selected={at === chosen}
            onMouseDown={(event) => {
              event.preventDefault()
              accept(suggestion)
            }}
          >
            <b class="mono">{suggestion.text}</b>
            <span class="dim">{suggestion.help}</span>
          </div>
        ))}
        {completion && completion.suggestions.length > SHOWN && (
          <div class="dim more-suggestions" role="presentation">
            {completion.suggestions.length - SHOWN} more
          </div>
        )}
      </div>
      <p class="trouble" aria-live="polite">
        {filter === q && !isOpen && <Problem text={q} />}
        {isSearching.value && <span class="dim">searching the capture…</span>}
      </p>
    </div>
  )
}

/** The text as a filter: times without a zone are in that of the page. */
function filterOf(text: string): string {
  return withZone(text.trim(), offsetMs, nowMs.peek())
}

/** A value is followed by a space, a field directly by its operator. */
function wantsBlank(before: string): boolean {
  return /[\w")]$/.test(before) && expectationAtEnd(before, 0).kind !== "operator"
}

/** `plug` will become `plugin=…`: filtering by the text "plug" would empty the list for a moment. */
function isIncomplete(text: string): boolean {
  const { from, suggestions } = complete(text, text.length, knownValues.peek())
  const word = text.slice(from).trim()
  return word !== "" && suggestions.length > 0 && !suggestions.some((suggestion) => suggestion.text === word)
}

/** The error in the filter, and its position. */
function Problem({ text }: { text: string }) {
  const problem = filterProblem.value
  if (!problem) return null
  const { message, column, length = 1 } = problem
  const expected = problem.expected.slice(0, 8).join(", ")
  return (
    <>
      {column !== undefined && (
        <code>
          {text.slice(0, column - 1)}
          <mark>{text.slice(column - 1, column - 1 + length) || " "}</mark>
          {text.slice(column - 1 + length)}
        </code>
      )}{" "}
      {message}
      {expected && `; expected ${expected}`}
    </>
  )
}
