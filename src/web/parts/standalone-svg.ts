const PROPERTIES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "text-decoration-line",
]

/** The drawing as a file of its own: with the colours and fonts that the page's style gives it. */
export function standaloneSvg(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const copies = [...copy.querySelectorAll("*")]
  for (const [at, element] of [...svg.querySelectorAll("*")].entries()) {
    const style = getComputedStyle(element)
    for (const name of PROPERTIES) copies[at]?.setAttribute(name, style.getPropertyValue(name))
    copies[at]?.removeAttribute("class")
  }
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg")
  copy.removeAttribute("class")
  return new XMLSerializer().serializeToString(copy)
}
