import { type JsonObject, text } from "../call-facts.ts"

/** `name is missing`, `name is 7` */
export function keyDetail(config: JsonObject, key: string): string {
  return key in config ? `${key} is ${text(config[key])}` : `${key} is missing`
}

/** Path of a key in its object; that of the object if the key is missing. */
export function keyPath(config: JsonObject, key: string): string[] {
  return key in config ? [key] : []
}
