/** Styles are imported for the build's sake: it puts them into the page. */
declare module "*.css"
