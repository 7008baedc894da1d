import type { Answer } from "../../../src/server/client.ts";
import { fieldText, valueText } from "../format.ts";
import { t } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";

type Preview = Answer<"previewConfig">;

/** What a changed config would do: what is wrong with it, what its rules would have made of what was and is, and the diff of the file. */
export function PreviewShown({ preview }: { readonly preview: Preview }) {
  const { problems, effects, samples, diff } = preview;
  return (
    <div className="stack">
      {problems.length === 0 ? null : <Problems problems={problems} />}
      {effects?.map((effect) => (
        <Effect key={`${effect.entity}.${effect.field}`} effect={effect} />
      ))}
      {samples.length === 0 ? null : <Samples samples={samples} />}
      {diff === "" ? <p className="muted">{t("change.same")}</p> : <DiffText diff={diff} />}
    </div>
  );
}

function Problems({ problems }: { readonly problems: Preview["problems"] }) {
  return (
    <ul className="stack" style={{ gap: 6 }} aria-label={t("change.problems")}>
      {problems.map(({ severity, line, column, path, message, remedy }) => (
        <li key={`${line}/${column}/${message}`} className={`note ${severity === "error" ? "bad" : "warn"}`}>
          <b className="num">{t("change.line", { line })}</b> <code>{path}</code> {message}. {remedy}
        </li>
      ))}
    </ul>
  );
}

function Effect({ effect }: { readonly effect: NonNullable<Preview["effects"]>[number] }) {
  const { entity, field, before, after, open, people, rules } = effect;
  const rows = [
    [t("change.open"), open.settles, t("change.settles"), open.leaves, t("change.leaves"), open.unknown],
    [
      t("change.people"),
      people.agrees,
      t("change.agrees"),
      people.contradicts,
      t("change.contradicts"),
      people.unknown,
    ],
    [t("change.rules"), rules.same, t("change.asBefore"), rules.other, t("change.otherwise"), rules.unknown],
  ] as const;
  const shown = rows.filter(([, one, , other, , unknown]) => one + other + unknown > 0);
  return (
    <section className="stack effect" aria-label={`${entity} ${fieldText(field)}`}>
      <p>
        <b>
          {entity} {fieldText(field).toLowerCase()}
        </b>
        : <s className="muted">{before}</s> <span className="arrow">→</span> {after}
      </p>
      {shown.length === 0 ? <p className="muted small">{t("change.nothing")}</p> : null}
      {shown.map(([what, good, goodWord, bad, badWord, unknown]) => (
        <div key={what} className="row small">
          <span className="effect-what">{what}</span>
          <Share good={good} bad={bad} unknown={unknown} />
          <span className="num">
            <b>{good}</b> {goodWord}, <b>{bad}</b> {badWord}
            {unknown === 0 ? "" : `, ${t("change.unknown", { count: unknown })}`}
          </span>
        </div>
      ))}
    </section>
  );
}

function Share({ good, bad, unknown }: { readonly good: number; readonly bad: number; readonly unknown: number }) {
  const all = Math.max(1, good + bad + unknown);
  return (
    <span className="share" aria-hidden="true">
      <i className="good" style={{ width: `${(100 * good) / all}%` }} />
      <i className="bad" style={{ width: `${(100 * bad) / all}%` }} />
    </span>
  );
}

const samplesShown = 8;

function Samples({ samples }: { readonly samples: Preview["samples"] }) {
  return (
    <ScrollFrame label={t("change.samples")}>
      <table className="small">
        <thead>
          <tr>
            <th scope="col">{t("journal.record")}</th>
            <th scope="col">{t("change.was")}</th>
            <th scope="col">{t("change.wouldBe")}</th>
          </tr>
        </thead>
        <tbody>
          {samples.slice(0, samplesShown).map(({ label, goldenId, field, by, decided, value }) => (
            <tr key={`${goldenId}/${field}/${by}/${valueText(value)}`}>
              <th scope="row">{label}</th>
              <td>{by === "nobody" ? t("change.waits") : valueText(decided) || t("value.blank")}</td>
              <td>{valueText(value) || t("value.blank")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollFrame>
  );
}

const tones: Readonly<Record<string, string>> = { "+": "added", "-": "removed", "@": "place" };

function DiffText({ diff }: { readonly diff: string }) {
  return (
    <ScrollFrame label={t("change.diff")}>
      <pre className="json diff">
        {diff.split("\n").map((line, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have nothing else, and never move.
          <span key={i} className={tones[line.charAt(0)] ?? ""}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
    </ScrollFrame>
  );
}
