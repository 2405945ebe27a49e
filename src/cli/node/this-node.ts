import { hostname } from "node:os"

/** `--root`: where the node's file system is mounted. */
export function rootOf({ root }: Record<string, unknown>): string {
  return String(root ?? "/")
}

/**
 * Whether what these nodes recorded can be compared with the node whose file system is at `root`. Another root is taken for
 * that of the node that recorded, because a container has a host name of its own.
 */
export function isThisNode(root: string, nodes: Iterable<string | undefined>): boolean {
  return root !== "/" || [...nodes].includes(hostname())
}
