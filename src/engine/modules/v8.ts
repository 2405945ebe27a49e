/** node:v8: QuickJS-ng has no such flags. */
export function setFlagsFromString(_flags: string): void {}
