import type { Input } from "../../../src/server/client.ts";
import { type Hold, systemOf, valueText } from "../format.ts";
import { t, tOr } from "../text.ts";

export type Choice = Input<"decideHold">["choice"];

/** One way to decide a hold, with the key that chooses it. */
export type Way = {
  readonly key: string | null;
  readonly label: string;
  readonly choice: Choice;
  readonly isDanger?: boolean;
};

const leave: Way = { key: "l", label: t("review.leave"), choice: { kind: "leave" } };

/** All ways but another value; those by number first. */
export function waysOf(hold: Hold): readonly Way[] {
  switch (hold.kind) {
    case "conflict":
    case "clear":
      return hold.candidates.map((_, candidate) => ({
        key: keyAt(candidate),
        label: t("review.take"),
        choice: { kind: "take", candidate },
      }));
    case "delete":
      return [
        { key: "r", label: t("review.restore"), choice: { kind: "restore" } },
        leave,
        { key: null, label: t("review.delete"), choice: { kind: "delete" }, isDanger: true },
      ];
    default:
      // One on a golden record is another golden record's, or nothing can be done but to leave it.
      if (hold.goldenId !== null && hold.kind !== "duplicate") return [leave];
      return [
        ...hold.matches.map(
          (match, i): Way => ({
            key: keyAt(i),
            label: t("review.link", { label: match.label }),
            choice: { kind: "link", goldenId: match.id },
          }),
        ),
        { key: "n", label: t("review.new"), choice: { kind: "new" } },
        leave,
      ];
  }
}

function keyAt(index: number): string | null {
  return index < 9 ? String(index + 1) : null;
}

/** What was decided, for the note after it. */
export function choiceText(hold: Hold, choice: Choice): string {
  switch (choice.kind) {
    case "take":
      return Object.values(hold.candidates[choice.candidate]?.values ?? {})
        .map((value) => valueText(value) || t("value.blank"))
        .join(", ")
        .slice(0, 60);
    case "set":
      return Object.values(choice.values)
        .map((value) => valueText(value) || t("value.blank"))
        .join(", ")
        .slice(0, 60);
    case "link":
      return t("review.link", { label: hold.matches.find(({ id }) => id === choice.goldenId)?.label ?? "" });
    case "new":
      return t("review.new");
    case "delete":
      return t("review.delete");
    case "restore":
      return t("review.restore");
    case "leave":
      return t("review.leave");
  }
}

/** What somebody decided, in words. */
export function closedText(hold: Hold): string {
  const said = hold.closed?.choice ?? "";
  const taken = /^took candidate (?<number>\d+)$/u.exec(said)?.groups?.["number"];
  if (taken !== undefined) return choiceText(hold, { kind: "take", candidate: Number(taken) });
  const same = /^same as (?<id>.+)$/u.exec(said)?.groups?.["id"];
  if (same !== undefined) {
    const label = hold.matches.find(({ id }) => id === same)?.label ?? same.slice(-6);
    return t("review.link", { label });
  }
  return tOr(`review.closed.${said}`, said);
}

/** One way to decide many holds at once. */
export type Bulk = {
  readonly label: string;
  /** What will happen, said before it does. */
  readonly lead: string;
  /** `null`: this hold can't be decided so, and stays open. */
  readonly choiceFor: (hold: Hold) => Choice | null;
};

/** The ways that make sense for what is chosen: by sides for values, by what they are for records. */
export function bulksFor(chosen: readonly Hold[]): readonly Bulk[] {
  const kinds = new Set(chosen.map(({ kind }) => (kind === "clear" ? "conflict" : kind)));
  const [kind, ...others] = kinds;
  if (others.length > 0 || kind === undefined) return [];
  const only = (choice: Choice) => (hold: Hold) =>
    waysOf(hold).some((way) => way.choice.kind === choice.kind) ? choice : null;
  const left: Bulk = { label: t("review.leave"), lead: t("review.bulkLeave"), choiceFor: only({ kind: "leave" }) };
  switch (kind) {
    case "conflict":
      return valueBulks(chosen);
    case "duplicate":
      return [
        { label: t("review.bulkLink"), lead: t("review.bulkLinkLead"), choiceFor: onlyMatch },
        { label: t("review.new"), lead: t("review.bulkNewLead"), choiceFor: only({ kind: "new" }) },
        left,
      ];
    case "delete":
      return [
        { label: t("review.restore"), lead: t("review.bulkRestoreLead"), choiceFor: only({ kind: "restore" }) },
        left,
      ];
    default:
      return [left];
  }
}

/** Of several matches a person chooses, one by one. */
function onlyMatch({ matches: [match, ...others] }: Hold): Choice | null {
  return match === undefined || others.length > 0 ? null : { kind: "link", goldenId: match.id };
}

function valueBulks(chosen: readonly Hold[]): Bulk[] {
  const systems = [
    ...new Set(chosen.flatMap(({ candidates }) => candidates.flatMap(({ source }) => systemOf(source) ?? []))),
  ].sort();
  const take = (candidate: number): Choice | null => (candidate === -1 ? null : { kind: "take", candidate });
  return [
    ...systems.map((system) => ({
      label: t("review.bulkTake", { system }),
      lead: t("review.bulkLead", { source: system }),
      choiceFor: ({ candidates }: Hold) => take(candidates.findIndex(({ source }) => systemOf(source) === system)),
    })),
    {
      label: t("review.bulkNewest"),
      lead: t("review.bulkLead", { source: t("review.newestSource") }),
      choiceFor: ({ candidates }: Hold) => {
        const times = candidates.map(({ at }) => at.until);
        return take(times.indexOf(Math.max(...times)));
      },
    },
  ];
}
