import { go, route } from "../state/route.ts"
export function FilterBox() {
  return <input class="filter" value={route.value.q} onInput={(e) => go({ q: e.currentTarget.value }, "replace")} />
}
