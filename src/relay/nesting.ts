/**
 * The one variable that the relay adds: `<ID of this call>:<depth of the next>`. Delegates and IPAM plugins inherit
 * the environment (libcni pkg/invoke DelegateArgs.AsEnv), so that a nested call knows its parent.
 */
export const NESTING_VARIABLE = "CNITAP_CALL"

/** Multus, flannel, bridge and host-local are four levels. Deeper nesting is a loop (Calico's renamed binary). */
export const MAX_DEPTH = 8

export type CallNesting = { parent?: string; depth: number }

export function readNesting(value: string | undefined): CallNesting {
  const colon = value?.indexOf(":") ?? -1
  if (value === undefined || colon < 0) return { depth: 0 }
  const depth = Number(value.slice(colon + 1))
  const parent = value.slice(0, colon)
  return { ...(parent ? { parent } : {}), depth: Number.isInteger(depth) && depth >= 0 ? depth : 0 }
}

/** With an empty ID only the depth is counted: a call that is not recorded must still be stopped if it loops. */
export function nestingVariable(id: string, depth: number): string {
  return `${NESTING_VARIABLE}=${id}:${depth + 1}`
}
