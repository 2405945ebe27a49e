export function LedgerView() {
  return <p>f</p>
}
