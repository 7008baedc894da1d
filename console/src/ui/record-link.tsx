import { t } from "../text.ts";

/** What a system calls a record, and the way to its page there, if it has one. */
export function RecordLink({
  system,
  id,
  url,
}: {
  readonly system: string;
  readonly id: string;
  readonly url: string | null;
}) {
  if (url === null) return <span className="mono">{id}</span>;
  return (
    <a className="mono" href={url} target="_blank" rel="noreferrer" title={t("record.openIn", { system })}>
      {id} ↗
    </a>
  );
}
