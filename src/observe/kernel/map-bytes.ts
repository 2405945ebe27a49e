/** Keys and values of the kernel's maps, in the byte order of this machine. `number`: 64 bits. */
export function word(number: number): Uint8Array {
  return new Uint8Array(new BigUint64Array([BigInt(number)]).buffer)
}

/** The index of a map that has one element. */
export const ONLY_KEY: Uint8Array = new Uint8Array(4)
