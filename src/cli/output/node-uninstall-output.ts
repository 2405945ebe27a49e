/** What became of a node, as `kubectl cnitap uninstall` prints it. */
export type NodeUninstallOutput = {
  node: string
  pod: string
  /** it was checked on the node that nothing is installed any more */
  isRestored: boolean
  /** plugins and files that are as they were before */
  restored: string[]
  /** files that another process has changed, and that were left as they are */
  remark?: string
  /** why it is not known to be restored */
  reason?: string
  /** when its relays stop recording; since 1970 */
  untilMs?: number
}
