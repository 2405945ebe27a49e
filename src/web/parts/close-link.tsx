/** Closes the section that contains it, like Escape. */
export function CloseLink({ href, what }: { href: string; what: string }) {
  return (
    <a class="icon close" href={href} title="close (Esc)">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M4 4l8 8M12 4l-8 8" />
      </svg>
      <span class="visually-hidden">close the {what}</span>
    </a>
  )
}
