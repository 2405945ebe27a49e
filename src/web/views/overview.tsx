export function Overview() { return <p>f</p> }
