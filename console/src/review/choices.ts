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

/** The candidate of a conflict that a bulk decision takes: the one of a system, or the newest. `null`: there is none. */
export function bulkCandidate(hold: Hold, from: { readonly system: string } | "newest"): number | null {
  if (hold.kind !== "conflict" && hold.kind !== "clear") return null;
  if (from !== "newest") {
    const found = hold.candidates.findIndex(({ source }) => systemOf(source) === from.system);
    return found === -1 ? null : found;
  }
  const times = hold.candidates.map(({ at }) => at.until);
  return times.length === 0 ? null : times.indexOf(Math.max(...times));
}
