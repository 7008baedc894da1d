import { agoText, fieldText, type Source, sourceText, timeText, type Value, valueText, whenText } from "../format.ts";
import { t } from "../text.ts";
import { useNow } from "../use-now.ts";
import { wordDiff } from "../word-diff.ts";

/** A field's value; a blank is said to be one. With `before`, what that does not have is marked. */
export function ValueText({
  value,
  before,
  className = "",
}: {
  readonly value: Value | undefined;
  readonly before?: Value | undefined;
  readonly className?: string;
}) {
  const text = valueText(value);
  if (text === "") return <span className={`blank ${className}`}>{t("value.blank")}</span>;
  const old = valueText(before);
  const isMarked = old !== "" && old !== text && text.includes(" ");
  return (
    <span className={`value ${className}`}>
      {isMarked
        ? wordDiff(old, text).map((piece, i) =>
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing else, and never move.
            piece.isNew ? <mark key={i}>{piece.text}</mark> : <span key={i}>{piece.text}</span>,
          )
        : text}
    </span>
  );
}

export function SourceText({ source }: { readonly source: Source }) {
  const title = source.kind === "record" ? `${source.ref.system} ${source.ref.object} ${source.ref.id}` : undefined;
  return <span title={title}>{sourceText(source)}</span>;
}

/** How long ago, with the moment itself as its title. */
export function Ago({
  at,
  interval,
}: {
  readonly at: number;
  readonly interval?: { readonly from: number; readonly until: number };
}) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={timeText(at)} className="muted num">
      {interval === undefined ? agoText(at, now) : whenText(interval, now)}
    </time>
  );
}

export function FieldNames({ fields }: { readonly fields: readonly string[] }) {
  return <>{fields.map(fieldText).join(", ")}</>;
}
