import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

/** A list of any length, of which only the rows in sight exist. Asks for more as its end comes near. */
export function VirtualList<T>({
  items,
  rowHeight,
  keyOf,
  children,
  label,
  className = "",
  current,
  onEnd,
}: {
  readonly items: readonly T[];
  readonly rowHeight: number;
  readonly keyOf: (item: T) => string;
  readonly children: (item: T, index: number) => ReactNode;
  readonly label: string;
  readonly className?: string;
  /** The row to keep in sight. */
  readonly current?: number;
  readonly onEnd?: () => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (onEnd !== undefined && items.length > 0 && lastShown >= items.length - 20) onEnd();
  }, [lastShown, items.length, onEnd]);
  useEffect(() => {
    if (current !== undefined && current >= 0) rows.scrollToIndex(current);
  }, [current, rows]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard.
    <section className={`virtual ${className}`} ref={frame} tabIndex={0} aria-label={label}>
      <div style={{ height: rows.getTotalSize(), position: "relative" }}>
        {shown.map(({ key, index, start }) => {
          const item = items[index];
          return item === undefined ? null : (
            <div key={`${key}/${keyOf(item)}`} className="virtual-row" style={{ transform: `translateY(${start}px)` }}>
              {children(item, index)}
            </div>
          );
        })}
      </div>
    </section>
  );
}
