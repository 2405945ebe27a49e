/** Names and values, one per row. Undefined and empty values have no row. */
export function FactTable({
  facts,
  class: name,
}: {
  facts: [string, string | undefined][]
  class?: string | undefined
}) {
  return (
    <table class={name}>
      <tbody>
        {facts.map(
          ([fact, value]) =>
            value && (
              <tr key={fact}>
                <th scope="row">{fact}</th>
                <td class="mono">{value}</td>
              </tr>
            ),
        )}
      </tbody>
    </table>
  )
}
