import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import type { Payload } from "../../../capture/record.ts"
import type { Call } from "../../../model/call.ts"
import { BYTES_PER_LINE, hexDump } from "../../../model/hex-dump.ts"
import { escapedCharacter, INVISIBLE } from "../../../model/invisible.ts"
import { characterAt } from "../../../model/lint/utf8-offset.ts"
import { bytesOf, saveFile, sizeText } from "../../parts/bytes.ts"
import { CopyButton } from "../../parts/copy-button.tsx"
import { jsonLines } from "../../parts/json-lines.ts"
import { ScrollRegion } from "../../parts/list/scroll-region.tsx"
import { Marked } from "../../parts/marks/highlighted.tsx"
import { ReproButton } from "../../parts/repro-button.tsx"
import { JsonPlace } from "./json-place.tsx"
import { innerContainers, NONE, type PayloadLine, treeLines } from "./tree-lines.tsx"
import "./payload.css"

type PayloadMode = "tree" | "text" | "bytes"

/** Rendering more lines at once is slow; the rest is shown on request. */
const LINES_PER_PAGE = 1_500

/** The content of a stream as a JSON tree, as text or as bytes, with a search. */
export function PayloadView({
  name,
  payload,
  fileName,
  call,
  byte,
  wanted,
}: {
  /** the call of the stream */
  call: Call
  name: string
  payload: Payload | undefined
  fileName: string
  /** offset to scroll to */
  byte?: number | undefined
  /** the text to search for first */
  wanted: string
}) {
  const tree = useMemo(() => (payload && "text" in payload ? jsonLines(payload.text) : undefined), [payload])
  const [chosen, setMode] = useState<PayloadMode>()
  const [query, setQuery] = useState(wanted)
  const [limit, setLimit] = useState(LINES_PER_PAGE)
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set())
  const box = useRef<HTMLElement>(null)
  const [hit, setHit] = useState(0)
  const [clicked, setClicked] = useState<number>()
  const [isWrapped, setWrapped] = useState(true)
  const mode: PayloadMode = chosen ?? (tree ? "tree" : payload && "text" in payload ? "text" : "bytes")
  const lines = useMemo((): PayloadLine[] => {
    if (!payload) return []
    if (mode === "tree" && tree) return treeLines(tree, query ? NONE : closed, setClosed)
    if (mode === "text" && "text" in payload) return textLines(payload.text)
    return hexDump(bytesOf(payload)).map((text, at) => ({ text, from: at * BYTES_PER_LINE }))
  }, [payload, mode, tree, closed, query === ""])
  const hits = useMemo(() => {
    const wanted = query.toLowerCase()
    return wanted ? lines.flatMap(({ text }, line) => (text.toLowerCase().includes(wanted) ? [line] : [])) : []
  }, [lines, query])
  const place = useMemo(() => {
    if (byte === undefined || !payload) return undefined
    const at = mode !== "bytes" && "text" in payload ? characterAt(payload.text, byte) : byte
    return lines.findLastIndex(({ from }) => from <= at)
  }, [payload, byte, mode, lines])
  const hitLine = query ? hits[hit % Math.max(1, hits.length)] : place
  useEffect(() => {
    if (hitLine === undefined) return
    if (hitLine >= limit) setLimit(hitLine + LINES_PER_PAGE)
    box.current?.querySelector(`[data-line="${hitLine}"]`)?.scrollIntoView({ block: "nearest" })
  }, [hitLine, query, limit])

  // By keyboard, the search chooses a line.
  useEffect(() => {
    const choose = ({ target }: MouseEvent) => {
      const line = target instanceof Element ? target.closest<HTMLElement>("[data-line]")?.dataset.line : undefined
      if (line !== undefined) setClicked(Number(line))
    }
    const lines = box.current
    lines?.addEventListener("click", choose)
    return () => lines?.removeEventListener("click", choose)
  }, [payload])
  const chosenLine = lines[(query ? hitLine : clicked) ?? -1]?.json
  if (!payload) return <div class="empty">No {name} was recorded.</div>
  if (payload.sizeBytes === 0) return <div class="empty">{name} was empty.</div>
  const modes: PayloadMode[] = [
    "text" in payload && tree ? "tree" : undefined,
    "text" in payload ? "text" : undefined,
    "bytes" as const,
  ].filter((each): each is PayloadMode => each !== undefined)
  const onSearchKey = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return
    event.preventDefault()
    if (hits.length > 0) setHit((at) => (at + (event.shiftKey ? hits.length - 1 : 1)) % hits.length)
  }
  return (
    <div class="payload">
      <div class="payload-bar">
        <fieldset class="segments" aria-label="shown as">
          {modes.map((each) => (
            <button key={each} type="button" aria-pressed={mode === each} onClick={() => setMode(each)}>
              {each}
            </button>
          ))}
        </fieldset>
        {mode === "tree" && tree && (
          <button
            type="button"
            class="button"
            onClick={() => {
              setClosed(closed.size > 0 ? NONE : innerContainers(tree))
              setClicked(undefined)
            }}
          >
            {closed.size > 0 ? "Expand all" : "Collapse all"}
          </button>
        )}
        {mode === "text" && (
          <button type="button" class="button" aria-pressed={isWrapped} onClick={() => setWrapped(!isWrapped)}>
            Wrap
          </button>
        )}
        <input
          type="search"
          placeholder={`search in ${name}`}
          aria-label={`search in ${name}`}
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value)
            setHit(0)
          }}
          onKeyDown={onSearchKey}
        />
        <span class="dim hits" aria-live="polite">
          {query && (hits.length === 0 ? "not found" : `${(hit % hits.length) + 1} of ${hits.length}`)}
        </span>
        <span class="payload-facts">
          <Facts payload={payload} />
        </span>
        <CopyButton label="Copy" text={() => ("text" in payload ? payload.text : payload.base64)} />
        <button type="button" class="button" onClick={() => saveFile(fileName, bytesOf(payload))}>
          Save
        </button>
        {name === "stdin" && <ReproButton calls={[call]} name={`${call.plugin}-${call.id}`} />}
      </div>
      {chosenLine && <JsonPlace line={chosenLine} />}
      <ScrollRegion box={box} class={`lines ${mode} ${isWrapped ? "" : "unwrapped"}`} label={`${name} as ${mode}`}>
        {lines.slice(0, limit).map((line, at) => (
          <div
            key={at}
            data-line={at}
            class={`line ${at === hitLine || (mode === "tree" && at === clicked) ? "hit" : ""}`}
            style={line.indent ? { paddingLeft: `${12 + line.indent * 16}px` } : undefined}
          >
            {line.before}
            <Marked
              text={line.text}
              query={query}
              {...(line.kind ? { kind: line.kind } : {})}
              {...(line.keyLength ? { keyLength: line.keyLength } : {})}
            />
            {line.after}
          </div>
        ))}
        {lines.length > limit && (
          <button type="button" class="button more" onClick={() => setLimit(limit + LINES_PER_PAGE)}>
            Show more of {lines.length - limit} lines
          </button>
        )}
      </ScrollRegion>
    </div>
  )
}

function Facts({ payload }: { payload: Payload }) {
  const redacted = payload.redacted ?? []
  return (
    <>
      <span>{sizeText(payload.sizeBytes)}</span>
      {"base64" in payload && <span class="tag">not UTF-8</span>}
      {payload.truncated && (
        <span class="tag">
          {payload.truncatedBy === "search"
            ? "truncated where the search for secrets ended"
            : payload.truncatedBy === "loss"
              ? "truncated where the observer lost the rest"
              : "truncated in the record"}
        </span>
      )}
      {redacted.length > 0 && (
        <span class="tag redaction" title={`redacted before it was written: ${redacted.join(" ")}`}>
          {redacted.length} redacted
        </span>
      )}
    </>
  )
}

function textLines(text: string): PayloadLine[] {
  let next = 0
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line, at) => {
      const from = next
      next += line.length + 1
      return { text: line.replace(INVISIBLE, escapedCharacter), from, before: <span class="number">{at + 1}</span> }
    })
}
