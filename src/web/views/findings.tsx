export function Findings() {
  return <p>f</p>
}
