/** As libcni's pkg/utils: what may become a part of a file name. */
export function isContainerId(text: string): boolean {
  return WORD.test(text)
}

export function isNetworkName(text: string): boolean {
  return WORD.test(text)
}

/** As the kernel's dev_valid_name (IFNAMSIZ is 16 with its end). */
export function isIfname(text: string): boolean {
  return text.length <= 15 && text !== "." && text !== ".." && !/[/:\s]/.test(text)
}

const WORD = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
