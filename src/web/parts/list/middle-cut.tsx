import "./middle-cut.css"

/** The ends of names differ: where there is no room, they are cut before their end. */
export function MiddleCut({ text }: { text: string }) {
  if (text.length <= TAIL_CHARACTERS * 2) return <>{text}</>
  return (
    <span class="middle-cut">
      <span>{text.slice(0, -TAIL_CHARACTERS)}</span>
      <span>{text.slice(-TAIL_CHARACTERS)}</span>
    </span>
  )
}

const TAIL_CHARACTERS = 7
