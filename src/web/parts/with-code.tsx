/** A text in which backticks enclose what is typed or named. */
export function WithCode({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => (at % 2 === 0 ? part : <code key={at}>{part}</code>))}</>
}
