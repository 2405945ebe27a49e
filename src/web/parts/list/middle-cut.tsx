import "./middle-cut.css"

/** The ends of names differ: where there is no room, they are cut before their end. `dim`: what precedes the name. */
export function MiddleCut({
  dim,
  text,
  class: name = "",
}: {
  dim?: string | false | undefined
  text: string
  class?: string
}) {
  return (
    <span class={`middle-cut ${name}`}>
      <span>
        {dim && <span class="dim">{dim}</span>}
        {text.slice(0, -TAIL_CHARACTERS)}
      </span>
      <span>{text.slice(-TAIL_CHARACTERS)}</span>
    </span>
  )
}

const TAIL_CHARACTERS = 7
