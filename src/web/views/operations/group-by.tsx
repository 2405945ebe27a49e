import { hasSeveralNodes } from "../../state/capture.ts"
import { GROUPINGS, go, route } from "../../state/route.ts"

export function GroupBy() {
  const { group } = route.value
  return (
    <label class="group-by">
      <span class="dim">group by</span>
      <select
        value={group ?? ""}
        onChange={({ currentTarget: { value } }) => go({ group: GROUPINGS.find((candidate) => candidate === value) })}
      >
        <option value="">none</option>
        {GROUPINGS.filter((each) => each !== "node" || hasSeveralNodes.value || group === "node").map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  )
}
