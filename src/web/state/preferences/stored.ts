import { effect, type Signal, signal } from "@preact/signals"

/** A choice that the browser keeps for this origin. The first value is the default. */
export function stored<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Signal<Value> {
  const chosen = signal(read(key, values))
  effect(() => {
    try {
      localStorage.setItem(key, chosen.value)
    } catch {
      // A file opened from disk may have no storage: the choice is lost when the page is closed.
    }
  })
  // Another tab of the page has changed it.
  addEventListener("storage", (event) => {
    if (event.key === key) chosen.value = read(key, values)
  })
  return chosen
}

function read<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Value {
  try {
    const text = localStorage.getItem(key)
    return values.find((value) => value === text) ?? values[0]
  } catch {
    return values[0]
  }
}
