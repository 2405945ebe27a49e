/** As libcni's pkg/utils: these become part of file names. */
export function isContainerId(text: string): boolean {
  return NAME.test(text)
}

export function isNetworkName(text: string): boolean {
  return NAME.test(text)
}

/** As the kernel's dev_valid_name; IFNAMSIZ is 16 including the terminating NUL. */
export function isIfname(text: string): boolean {
  return text.length <= 15 && text !== "." && text !== ".." && !/[/:\s]/.test(text)
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
