/** libuv's names and texts of errno values, which are the same on x86-64 and arm64: asm-generic/errno.h, uv.h. */
const ERRORS: Readonly<Record<number, readonly [code: string, text: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such file or directory"],
  3: ["ESRCH", "no such process"],
  4: ["EINTR", "interrupted system call"],
  5: ["EIO", "i/o error"],
  6: ["ENXIO", "no such device or address"],
  7: ["E2BIG", "argument list too long"],
  8: ["ENOEXEC", "Unknown system error -8"],
  9: ["EBADF", "bad file descriptor"],
  11: ["EAGAIN", "resource temporarily unavailable"],
  12: ["ENOMEM", "not enough memory"],
  13: ["EACCES", "permission denied"],
  14: ["EFAULT", "bad address in system call argument"],
  16: ["EBUSY", "resource busy or locked"],
  17: ["EEXIST", "file already exists"],
  18: ["EXDEV", "cross-device link not permitted"],
  19: ["ENODEV", "no such device"],
  20: ["ENOTDIR", "not a directory"],
  21: ["EISDIR", "illegal operation on a directory"],
  22: ["EINVAL", "invalid argument"],
  23: ["ENFILE", "file table overflow"],
  24: ["EMFILE", "too many open files"],
  25: ["ENOTTY", "inappropriate ioctl for device"],
  26: ["ETXTBSY", "text file is busy"],
  27: ["EFBIG", "file too large"],
  28: ["ENOSPC", "no space left on device"],
  29: ["ESPIPE", "invalid seek"],
  30: ["EROFS", "read-only file system"],
  31: ["EMLINK", "too many links"],
  32: ["EPIPE", "broken pipe"],
  36: ["ENAMETOOLONG", "name too long"],
  38: ["ENOSYS", "function not implemented"],
  39: ["ENOTEMPTY", "directory not empty"],
  40: ["ELOOP", "too many symbolic links encountered"],
  61: ["ENODATA", "no data available"],
  75: ["EOVERFLOW", "value too large for defined data type"],
  95: ["ENOTSUP", "operation not supported on socket"],
  105: ["ENOBUFS", "no buffer space available"],
  110: ["ETIMEDOUT", "connection timed out"],
  116: ["ESTALE", "Unknown system error -116"],
  122: ["EDQUOT", "disk quota exceeded"],
}

/** errno of a descriptor that would block. */
export const AGAIN = 11

export type SystemError = Error & { errno: number; code: string; syscall: string; path?: string; dest?: string }

/** What Node.js throws of a failed system call. */
export function systemError(errno: number, syscall: string, path?: string, dest?: string): SystemError {
  const [code, text] = ERRORS[errno] ?? [`Unknown system error -${errno}`, `Unknown system error -${errno}`]
  const paths = `${path === undefined ? "" : ` '${path}'`}${dest === undefined ? "" : ` -> '${dest}'`}`
  return Object.assign(new Error(`${code}: ${text}, ${syscall}${paths}`), {
    errno: -errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  })
}

/** The code of an errno: "ENOENT". */
export function errorCode(errno: number): string {
  return ERRORS[errno]?.[0] ?? `Unknown system error -${errno}`
}

/** The result of a system call, if it did not fail. */
export function succeeded(result: number, syscall: string, path?: string, dest?: string): number {
  if (result < 0) throw systemError(-result, syscall, path, dest)
  return result
}
