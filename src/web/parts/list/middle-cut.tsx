import "./middle-cut.css"

/**
 * A text that is shortened before its last characters if it does not fit, because long names often differ only there.
 * `dim`: text shown before it in a weaker colour.
 */
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
