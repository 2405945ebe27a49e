export function Chain(_: { operation?: unknown; light?: unknown }) {
  return <p>Chain</p>
}
