import { useState } from "react";
import type { Answer } from "../../../src/server/client.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { entityText, fieldText, sourceText, systemOf, timeText, valueText } from "../format.ts";
import { DecideButton } from "../rules/decide-button.tsx";
import { useMe } from "../session.ts";
import { number, t, tOr } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Empty, Loaded, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { ValueText } from "../ui/value.tsx";

type Plan = Answer<"getPlan">;

export function PlanPage() {
  const me = useMe();
  const first = useApi("getPlan", {});
  const isRunning = first.data?.state === "running";
  const query = useApi("getPlan", {}, isRunning ? { refetchInterval: 1_000 } : {});
  const start = async () => {
    try {
      await client.startPlan({});
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
    await queryClient.invalidateQueries({ queryKey: ["getPlan"] });
  };
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("plan.title")}</h1>
        {query.data?.endedAt == null ? null : (
          <span className="muted">{t("plan.made", { time: timeText(query.data.endedAt) })}</span>
        )}
        {query.data?.isOfChange === true ? <span className="badge accent">{t("plan.ofChange")}</span> : null}
        <span className="grow" />
        {me?.may("operate") === true ? (
          <button type="button" className="button primary" disabled={isRunning} onClick={() => void start()}>
            {t(query.data?.state === "done" ? "plan.again" : "plan.start")}
          </button>
        ) : null}
        <p className="lead">{t("plan.lead")}</p>
      </div>
      <Approval mayOperate={me?.may("operate") === true} isSeen={query.data?.state === "done"} />
      <Loaded query={query}>
        {(plan) => {
          if (plan.state === "none") return <Empty title={t("plan.none")} />;
          if (plan.state === "failed")
            return <p className="note bad">{t("plan.failed", { reason: plan.error ?? "" })}</p>;
          if (plan.state === "running") {
            return (
              <>
                <p className="muted">{t("plan.running")}</p>
                <Skeleton lines={6} />
              </>
            );
          }
          return <Shown plan={plan} />;
        }}
      </Loaded>
    </div>
  );
}

/** Of a run that asks first: nothing is written before somebody has seen the plan and lets it be. */
function Approval({ mayOperate, isSeen }: { readonly mayOperate: boolean; readonly isSeen: boolean }) {
  const overview = useApi("getOverview", {}, { refetchInterval: 5_000 });
  const [isAsked, ask] = useState(false);
  if (overview.data?.waitsForApproval !== true) return null;
  const approve = async () => {
    ask(false);
    try {
      await client.approveWrites({});
      say(t("plan.approved"));
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
    await queryClient.invalidateQueries({ queryKey: ["getOverview"] });
  };
  return (
    <section className="note warn row" aria-label={t("plan.waits")}>
      <span className="grow">
        <b>{t("plan.waits")}</b> {t(isSeen ? "plan.waitsSeen" : "plan.waitsUnseen")}
      </span>
      {mayOperate ? (
        <button type="button" className="button" disabled={!isSeen} onClick={() => ask(true)}>
          {t("plan.approve")} …
        </button>
      ) : null}
      {isAsked ? (
        <Dialog title={t("plan.approveAsk")} onClose={() => ask(false)}>
          <p>{t("plan.approveLead")}</p>
          <div className="actions">
            <button type="button" className="button primary" onClick={() => void approve()}>
              {t("plan.approve")}
            </button>
            <button type="button" className="button" onClick={() => ask(false)}>
              {t("app.cancel")}
            </button>
          </div>
        </Dialog>
      ) : null}
    </section>
  );
}

function Shown({ plan }: { readonly plan: Plan }) {
  const held = plan.holds.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <ScrollFrame label={t("plan.title")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t("systems.objects")}</th>
              {(["plan.read", "plan.linked", "plan.create", "plan.update"] as const).map((key) => (
                <th key={key} scope="col" className="right">
                  {t(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {plan.objects.map((object) => (
              <tr key={`${object.system}/${object.object}`}>
                <th scope="row">
                  {object.system} {object.object}
                </th>
                {(["read", "linked", "create", "update"] as const).map((counter) => (
                  <td key={counter} className="right num">
                    {number(object[counter])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {plan.objects
        .filter(({ create, update }) => create + update > 0)
        .map((object) => (
          <ObjectPlan key={`${object.system}/${object.object}`} object={object} />
        ))}
      <h2>{held === 0 ? t("plan.heldNone") : t("plan.held", { count: held })}</h2>
      <div className="cards">
        {plan.holds.map((group) => (
          <section key={`${group.kind}/${group.entity}/${group.fields.join()}/${group.reason}`} className="card stack">
            <div className="row">
              <b className="num">{number(group.count)}</b>
              <span className="badge warn">{tOr(`kind.${group.kind}`, group.kind)}</span>
              <span>
                {entityText(group.entity)} {group.fields.map(fieldText).join(", ").toLowerCase()}
              </span>
            </div>
            <p className="muted small">{group.reason}</p>
            {group.kind === "conflict" && group.fields[0] !== undefined ? (
              <div>
                <DecideButton
                  entity={group.entity}
                  field={group.fields[0]}
                  systems={group.samples.flatMap(({ candidates }) =>
                    candidates.flatMap(({ source }) => systemOf(source) ?? []),
                  )}
                  label={t("plan.rule")}
                  className="button small"
                />
              </div>
            ) : null}
            <ul className="small">
              {group.samples.slice(0, 4).map(({ ref, candidates }) => (
                <li key={JSON.stringify([ref, candidates])} className="one-line">
                  {ref === null ? "" : `${ref.system} ${ref.id} `}
                  {candidates
                    .map(
                      ({ values, source }) =>
                        `${Object.values(values).map(valueText).join(", ")} (${sourceText(source)})`,
                    )
                    .join("  |  ")}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      <Refused refused={plan.refused} />
    </>
  );
}

function Refused({ refused }: { readonly refused: Plan["refused"] }) {
  const count = refused.reduce((sum, one) => sum + one.count, 0);
  if (count === 0) return null;
  return (
    <>
      <h2>{t("plan.refused", { count })}</h2>
      <div className="cards">
        {refused.map(({ system, object, field, reason, count: alike, samples }) => (
          <section key={`${system}/${object}/${field}/${reason}`} className="card stack">
            <div className="row">
              <b className="num">{number(alike)}</b>
              <span className="badge warn">{fieldText(field)}</span>
              <span>
                {system} {object}
              </span>
            </div>
            <p className="muted small">{reason}</p>
            <ul className="small">
              {samples.map(({ recordId, value }) => (
                <li key={recordId} className="one-line">
                  <span className="mono">{recordId}</span> {value}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}

function ObjectPlan({ object }: { readonly object: Plan["objects"][number] }) {
  const fields = Object.entries(object.fields).sort(([, a], [, b]) => b - a);
  const most = Math.max(1, ...fields.map(([, count]) => count));
  return (
    <details className="card">
      <summary>
        <b>
          {object.system} {object.object}
        </b>{" "}
        <span className="muted">
          {t("plan.create")} {number(object.create)} · {t("plan.update")} {number(object.update)}
        </span>
      </summary>
      <div className="stack" style={{ marginTop: 12 }}>
        {fields.length === 0 ? null : (
          <table>
            <tbody>
              {fields.map(([field, count]) => (
                <tr key={field}>
                  <th scope="row" style={{ width: 160 }}>
                    {fieldText(field)}
                  </th>
                  <td className="right num" style={{ width: 70 }}>
                    {number(count)}
                  </td>
                  <td>
                    <span className="bar" style={{ width: `${(100 * count) / most}%` }} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <h3>{t("plan.samples")}</h3>
        <ul className="stack small">
          {[...object.updates, ...object.creates].slice(0, 20).map(({ goldenId, recordId, changes }) => (
            <li key={`${goldenId}/${recordId}`}>
              <b>{recordId ?? t("plan.create")}</b>{" "}
              {changes.map(({ field, from, to, why }) => (
                <span key={field} title={why}>
                  {" "}
                  <span className="muted">{fieldText(field)}</span>{" "}
                  {recordId === null ? null : <ValueText value={from} />}
                  {recordId === null ? null : <span className="arrow">→</span>}
                  <ValueText value={to} />
                </span>
              ))}
            </li>
          ))}
        </ul>
      </div>
    </details>
  );
}
