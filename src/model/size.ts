const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
}

/** `512kB`, `1.5MiB`: bytes; undefined if the text is not a size with its unit. */
export function parseSize(text: string): number | undefined {
  const [, value, unit] = /^(\d+(?:\.\d+)?)([kmg]?i?b)$/i.exec(text) ?? []
  const unitBytes = unit && UNIT_BYTES[unit.toLowerCase()]
  return unitBytes ? Number(value) * unitBytes : undefined
}
