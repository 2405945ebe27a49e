/** node:path for POSIX, as far as cnitap uses it. */
import * as native from "native"

export const sep = "/"

export function isAbsolute(path: string): boolean {
  return path.startsWith("/")
}

export function normalize(path: string): string {
  if (path === "") return "."
  const parts: string[] = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part !== "..") parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop()
    else if (!isAbsolute(path)) parts.push("..")
  }
  const text = parts.join("/")
  const end = path.endsWith("/") && text !== "" ? "/" : ""
  if (isAbsolute(path)) return `/${text}${end}`
  return text === "" ? (path.endsWith("/") ? "./" : ".") : text + end
}

export function join(...parts: string[]): string {
  return normalize(parts.filter((part) => part !== "").join("/"))
}

export function resolve(...parts: string[]): string {
  let path = ""
  for (const part of parts.toReversed()) {
    if (part === "") continue
    path = path === "" ? part : `${part}/${path}`
    if (isAbsolute(part)) break
  }
  if (!isAbsolute(path)) path = `${native.workingDirectory()}/${path}`
  const normal = normalize(path)
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal
}

export function relative(from: string, to: string): string {
  const [a, b] = [resolve(from), resolve(to)].map((path) => path.split("/").filter(Boolean)) as [string[], string[]]
  let same = 0
  while (same < a.length && same < b.length && a[same] === b[same]) same++
  return [...a.slice(same).map(() => ".."), ...b.slice(same)].join("/")
}

export function dirname(path: string): string {
  const trimmed = path.replace(/\/+$/, "")
  const at = trimmed.lastIndexOf("/")
  if (at < 0) return path.startsWith("/") ? "/" : "."
  return at === 0 ? "/" : trimmed.slice(0, at)
}

export function basename(path: string, suffix = ""): string {
  const name = path.replace(/\/+$/, "").split("/").at(-1) ?? ""
  return suffix !== "" && name !== suffix && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name
}

export function extname(path: string): string {
  const name = basename(path)
  const at = name.lastIndexOf(".")
  return at <= 0 || /^\.+$/.test(name.slice(0, at + 1)) ? "" : name.slice(at)
}

export default { sep, isAbsolute, normalize, join, resolve, relative, dirname, basename, extname }
