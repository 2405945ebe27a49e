const REMOTE = [
  "nfs",
  "nfs4",
  "cifs",
  "smb3",
  "smbfs",
  "ceph",
  "afs",
  "coda",
  "9p",
  "lustre",
  "gpfs",
  "vboxsf",
  "vmhgfs",
]

/**
 * Relays refuse these by the magic number that statfs(2) returns (src/relay/hosts/append.h): O_APPEND is not atomic there,
 * and a server or daemon that is gone blocks every writer. A plan reads the mount table, because statfs would block too.
 */
export function isRemoteFilesystem(fsType: string): boolean {
  return REMOTE.includes(fsType) || fsType === "virtiofs" || fsType === "fuse" || /^fuse(\.|blk$)/.test(fsType)
}
