export function Compare(_: { operation?: unknown; light?: unknown }) {
  return <p>Compare</p>
}
