const FORMAT = new Intl.NumberFormat("en")

/** `23,792`: a number of things, which people read. */
export function countText(count: number): string {
  return FORMAT.format(count)
}
