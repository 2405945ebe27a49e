import { type Call, jsonObject } from "../call.ts"
import type { Operation } from "../operation.ts"

/** What the error object says, in one line. */
export function messageOf(call: Call): string | undefined {
  const error = jsonObject(call.stdout)
  const parts = [error?.msg, error?.details].filter((part): part is string => typeof part === "string" && part !== "")
  return parts.length > 0 ? parts.join("; ") : undefined
}

export function ipsOf({ calls }: Operation): string[] {
  const ips = jsonObject(calls.at(-1)?.call.stdout)?.ips
  if (!Array.isArray(ips)) return []
  return ips.flatMap((entry: { address?: unknown } | null) =>
    typeof entry?.address === "string" ? [entry.address.replace(/\/\d+$/, "")] : [],
  )
}

export function lastLine(text: string | undefined): string | undefined {
  return text?.trimEnd().split("\n").at(-1)?.trim() || undefined
}

export function short(text: string, most = 200): string {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

export function textOf(payload: Call["stdout"]): string | undefined {
  return payload && "text" in payload ? payload.text : undefined
}
