import type { Severity } from "../../../model/lint/finding.ts"
import "./severity.css"

/** Each severity has its own shape, so that colour is not needed to distinguish them. */
const SHAPES: Record<Severity, { outline: string; sign: string }> = {
  error: { outline: "M5 1.4h6L14.6 5v6L11 14.6H5L1.4 11V5z", sign: "M8 4.6v4.2M8 11.2v.1" },
  warning: { outline: "M8 1.8l6.6 12H1.4z", sign: "M8 6.2v3.4M8 11.7v.1" },
  note: { outline: "M2.4 2.4h11.2v11.2H2.4z", sign: "M8 7.4v3.6M8 4.8v.1" },
}

export const SEVERITY_WORDS: Record<Severity, string> = { error: "error", warning: "warning", note: "note" }

export function SeverityMark({ severity }: { severity: Severity }) {
  const { outline, sign } = SHAPES[severity]
  return (
    <svg class={`severity ${severity}`} viewBox="0 0 16 16" role="img" aria-label={SEVERITY_WORDS[severity]}>
      <title>{SEVERITY_WORDS[severity]}</title>
      <path d={outline} />
      <path d={sign} />
    </svg>
  )
}
