import { useEffect, useRef } from "preact/hooks"
import { fieldLines, GRAMMAR } from "../../../model/filter/grammar.ts"
import { isHelpOpen, KEYS } from "../../state/keys.ts"
import "./help.css"

/** Keys and the filter language, in a dialog. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const close = () => {
    isHelpOpen.value = false
  }
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-label="keys and filters"
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <header>
        <h2>Keys</h2>
        <button type="button" class="button" onClick={close}>
          Close
        </button>
      </header>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(/ {2}| (?=…)|(?<=…) /).map((key) => (key === "…" ? " … " : <kbd key={key}>{key}</kbd>))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>Filter</h2>
      {GRAMMAR.trimEnd()
        .split("\n\n")
        .map((part) =>
          part.startsWith(" ") ? <Rows key={part} lines={part.split("\n")} /> : <p key={part}>{part}</p>,
        )}
      <h2>Fields</h2>
      <Rows lines={fieldLines()} />
    </dialog>
  )
}

/** Lines for a terminal: what is typed and, behind two spaces or more, what it means. On a narrow screen that is below it. */
function Rows({ lines }: { lines: readonly string[] }) {
  return (
    <div class="grammar">
      {lines.map((line) => {
        const [, typed = line, meaning] = /^( *\S.*?)( {2,}(?!= )\S.*)$/.exec(line) ?? []
        return (
          <div key={line}>
            {typed}
            {meaning && <span>{meaning}</span>}
          </div>
        )
      })}
    </div>
  )
}
