import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { client, queryClient, reasonOf, useApi, useList } from "../api.ts";
import { entityText, fieldText, type Line, type RecordView, sourceText, timeText, valueText } from "../format.ts";
import { useMe } from "../session.ts";
import { t, tOr } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { hasValues, LineValues, lineTone } from "../ui/line-values.tsx";
import { RecordLink } from "../ui/record-link.tsx";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Failure, Loaded, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { Ago, FieldNames, SourceText, ValueText } from "../ui/value.tsx";
import { SplitButton } from "./split-button.tsx";

const route = getRouteApi("/records/$record");

/** One real-world thing: what is agreed on, where that came from, what each system holds, and how it came to be. */
export function RecordPage() {
  const { record } = route.useParams();
  const [asOf, setAsOf] = useState<number | null>(null);
  const query = useApi("getRecord", { record, ...(asOf === null ? {} : { asOf }) }, { keep: true });
  return (
    <div className="page">
      <Loaded query={query} skeleton={<Skeleton lines={10} height={26} />}>
        {(view) => (
          <>
            <Head view={view} />
            <Matrix view={view} isPast={asOf !== null} />
            <History record={record} asOf={asOf} setAsOf={setAsOf} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Head({ view }: { readonly view: RecordView }) {
  return (
    <div className="page-head">
      <h1>{view.label}</h1>
      <span className="badge">{entityText(view.entity)}</span>
      {view.deletedAt === null ? null : (
        <span className="badge bad">{t("record.deleted", { time: timeText(view.deletedAt) })}</span>
      )}
      {view.holds.map((hold) => (
        <Link key={hold.id} to="/review" search={{ hold: hold.id }} className="badge warn" title={hold.reason}>
          {tOr(`kind.${hold.kind}`, hold.kind)} <FieldNames fields={hold.fields} />
        </Link>
      ))}
      <span className="grow" />
      <code className="muted small">{view.id}</code>
      <SplitButton view={view} />
    </div>
  );
}

/** Fields down, systems across. */
function Matrix({ view, isPast }: { readonly view: RecordView; readonly isPast: boolean }) {
  return (
    <ScrollFrame className="matrix" label={t("record.fields")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("record.field")}</th>
            <th scope="col">
              {view.asOf === null ? t("record.agreed") : t("record.asOf", { time: timeText(view.asOf) })}
            </th>
            <th scope="col">{t("record.from")}</th>
            {isPast
              ? null
              : view.systems.map((system) => (
                  <th key={`${system.system}/${system.object}/${system.id}`} scope="col">
                    {system.system}{" "}
                    {system.id === null ? (
                      <span className="mono">{t("record.toCreate")}</span>
                    ) : (
                      <RecordLink system={system.system} id={system.id} url={system.url} />
                    )}
                    {system.status === "deleted" ? <span className="badge bad">{t("record.gone")}</span> : null}
                    {system.dead === null ? null : (
                      <span className="badge bad" title={system.dead}>
                        {t("record.dead", { reason: system.dead })}
                      </span>
                    )}
                  </th>
                ))}
          </tr>
        </thead>
        <tbody>
          {view.fields.map((field) => (
            <tr key={field.name}>
              <th scope="row">{fieldText(field.name)}</th>
              <td className="agreed">
                <ValueText value={field.value} />
                {field.hold === null || isPast ? null : (
                  <>
                    {" "}
                    <Link className="badge warn" to="/review" search={{ hold: field.hold }}>
                      {t("record.decide")}
                    </Link>
                  </>
                )}
              </td>
              <td className="small">
                <SourceText source={field.source} />
                <br />
                <span title={t("record.version", { version: field.version })}>
                  <Ago at={field.changedAt.until} interval={field.changedAt} />
                </span>
              </td>
              {isPast
                ? null
                : view.systems.map((system) => (
                    <td key={`${system.system}/${system.object}/${system.id}`}>
                      <Kept held={system.fields.find(({ name }) => name === field.name)} isHeld={field.hold !== null} />
                    </td>
                  ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

/** What one system holds of one field. */
function Kept({
  held,
  isHeld,
}: {
  readonly held: RecordView["systems"][number]["fields"][number] | undefined;
  readonly isHeld: boolean;
}) {
  if (held === undefined) return <span className="muted">–</span>;
  if (held.isCurrent) {
    return (
      <span className="cell-state">
        <span className="same" title={t("review.same")}>
          ✓
        </span>
        <ValueText value={held.value} />
      </span>
    );
  }
  const why =
    held.refused !== null
      ? t("record.refused", { reason: held.refused })
      : t(isHeld ? "record.heldField" : "record.behind");
  return (
    <span className="cell-state">
      <span className="differs" title={why}>
        ≠
      </span>
      <span>
        <ValueText value={held.value} />
        <br />
        <span className="muted small">{why}</span>
      </span>
    </span>
  );
}

function History({
  record,
  asOf,
  setAsOf,
}: {
  readonly record: string;
  readonly asOf: number | null;
  readonly setAsOf: (at: number | null) => void;
}) {
  const list = useList("listRecordJournal", { record, limit: 200 });
  const me = useMe();
  const [field, setField] = useState<string | null>(null);
  const [undone, setUndone] = useState<Line | null>(null);
  const lines = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const fields = [...new Set(lines.flatMap((line) => line.field ?? []))].sort();
  const shown = field === null ? lines : lines.filter((line) => line.field === field);
  return (
    <section className="card stack" aria-labelledby="timeline">
      <div className="row">
        <h2 id="timeline">{t("record.timeline")}</h2>
        <span className="grow" />
        <select
          className="input"
          aria-label={t("journal.field")}
          value={field ?? ""}
          onChange={(event) => setField(event.target.value === "" ? null : event.target.value)}
        >
          <option value="">{t("record.allFields")}</option>
          {fields.map((one) => (
            <option key={one} value={one}>
              {t("record.onlyField", { field: fieldText(one).toLowerCase() })}
            </option>
          ))}
        </select>
      </div>
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton /> : null}
      <Scrubber lines={lines} asOf={asOf} setAsOf={setAsOf} />
      <ol className="timeline">
        {shown.map((line) => (
          <TimelineLine
            key={line.sequence}
            line={line}
            isLater={asOf !== null && line.at > asOf}
            look={setAsOf}
            undo={me?.may("review") === true && canUndo(line) ? () => setUndone(line) : null}
          />
        ))}
      </ol>
      {list.hasNextPage ? (
        <button type="button" className="button" onClick={() => void list.fetchNextPage()}>
          {t("app.more")}
        </button>
      ) : null}
      {undone === null ? null : <Undo line={undone} onClose={() => setUndone(null)} />}
    </section>
  );
}

/** A first value has nothing before it. */
function canUndo({ kind, version }: Line): boolean {
  return kind === "set" && version > 1;
}

function Undo({ line, onClose }: { readonly line: Line; readonly onClose: () => void }) {
  const field = fieldText(line.field ?? "");
  const carryOut = async () => {
    onClose();
    try {
      const { to } = await client.restoreField({ record: line.goldenId, field: line.field ?? "", before: line.at });
      say(t("record.undone", { field, value: valueText(to) || t("value.blank") }));
    } catch (error) {
      say(t("review.failed", { label: field, reason: reasonOf(error) }), { isBad: true });
    }
    for (const name of ["getRecord", "listRecordJournal"]) await queryClient.invalidateQueries({ queryKey: [name] });
  };
  return (
    <Dialog title={t("record.undoAsk", { field: field.toLowerCase() })} onClose={onClose}>
      <p>{t("record.undoLead", { value: valueText(line.from) || t("value.blank") })}</p>
      <div className="actions">
        <button type="button" className="button primary" onClick={() => void carryOut()}>
          {t("record.undo")}
        </button>
        <button type="button" className="button" onClick={onClose}>
          {t("app.cancel")}
        </button>
      </div>
    </Dialog>
  );
}

/** A slider over the moments at which something happened; its end is now. */
function Scrubber({
  lines,
  asOf,
  setAsOf,
}: {
  readonly lines: readonly Line[];
  readonly asOf: number | null;
  readonly setAsOf: (at: number | null) => void;
}) {
  const moments = [...new Set(lines.map(({ at }) => at))].sort((a, b) => a - b);
  if (moments.length < 2) return null;
  const place = asOf === null ? moments.length : moments.findLastIndex((at) => at <= asOf);
  return (
    <div className="scrubber">
      <input
        type="range"
        min={0}
        max={moments.length}
        value={place}
        aria-label={t("record.scrub")}
        aria-valuetext={asOf === null ? t("record.now") : timeText(asOf)}
        onChange={(event) => setAsOf(moments[Number(event.target.value)] ?? null)}
      />
      <output className="num small" style={{ minWidth: 150 }}>
        {asOf === null ? t("record.now") : timeText(asOf)}
      </output>
      <button type="button" className="button small" disabled={asOf === null} onClick={() => setAsOf(null)}>
        {t("record.now")}
      </button>
    </div>
  );
}

function TimelineLine({
  line,
  isLater,
  look,
  undo,
}: {
  readonly line: Line;
  readonly isLater: boolean;
  readonly look: (at: number) => void;
  readonly undo: (() => void) | null;
}) {
  return (
    <li className={`${line.kind === "set" ? "set" : line.kind === "held" ? "held" : ""} ${isLater ? "later" : ""}`}>
      <div className="row" style={{ gap: 6 }}>
        <span className={`badge ${lineTone(line.kind)}`}>{tOr(`journal.${line.kind}`, line.kind)}</span>
        {line.field === null ? null : <b>{fieldText(line.field)}</b>}
        <span className="value">
          <LineValues line={line} />
        </span>
      </div>
      <div className="muted small">
        <button type="button" className="moment" onClick={() => look(line.at)}>
          {timeText(line.at)}
        </button>{" "}
        · {sourceText(line.source)}
        {hasValues(line) ? ` · ${line.why}` : ""}
        {undo === null ? null : (
          <>
            {" · "}
            <button type="button" className="moment" onClick={undo}>
              {t("record.undo")}
            </button>
          </>
        )}
      </div>
    </li>
  );
}
