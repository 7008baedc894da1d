import type { Overview } from "../format.ts";
import { number, t } from "../text.ts";

const minuteMs = 60_000;
const stages = [
  ["trigger", "received"],
  ["normalize", "decided"],
  ["match", "linked"],
  ["resolve", "resolved"],
  ["write", "written"],
  ["log", "logged"],
] as const;

/** What went through each of the six stages in the last minute. */
export function Stages({ overview }: { readonly overview: Overview }) {
  const recent = overview.buckets.filter(({ at }) => at > overview.at - minuteMs - overview.bucketMs);
  return (
    <ol className="stages">
      {stages.map(([stage, counter]) => {
        const count = recent.reduce((total, bucket) => total + bucket[counter], 0);
        return (
          <li key={stage} className={count > 0 ? "busy" : ""}>
            <span>{t(`stage.${stage}`)}</span>
            <strong>{number(count)}</strong>
            <span className="muted small">{t(`stage.${stage}.what`)}</span>
          </li>
        );
      })}
    </ol>
  );
}
