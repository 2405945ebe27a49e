export function Pods() { return <p>f</p> }
