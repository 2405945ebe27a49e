import { after } from "node:test"
import { testEquivalence } from "./equivalence.ts"
import { Stand } from "./stand.ts"

const stand = new Stand()
after(() => stand.remove())

testEquivalence(stand)
