import { type JsonObject, text } from "../call-facts.ts"

/** `name is missing`, `name is 7` */
export function keyDetail(config: JsonObject, key: string): string {
  if (!(key in config)) return `${key} is missing`
  return `${key} is ${config[key] === "" ? "empty" : text(config[key])}`
}

/** Path of a key in its object; that of the object if the key is missing. */
export function keyPath(config: JsonObject, key: string): string[] {
  return key in config ? [key] : []
}
