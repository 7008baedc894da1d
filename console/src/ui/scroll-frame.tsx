import type { ReactNode } from "react";

/** Around a table that may be wider than the screen: what scrolls can be reached by the keyboard, and has a name. */
export function ScrollFrame({
  label,
  className = "",
  children,
}: {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard.
    <section className={`table-wrap ${className}`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
