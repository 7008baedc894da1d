import { diff3Merge } from "node-diff3";

/**
 * Three-way merge of text, word by word. `null` when both sides changed the same words to different ones.
 * Without a base there is nothing to merge on.
 */
export function mergeText(base: string, left: string, right: string): string | null {
  const regions = diff3Merge(words(left), words(base), words(right), { excludeFalseConflicts: true });
  const merged: string[] = [];
  for (const region of regions) {
    if (region.ok === undefined) return null;
    merged.push(...region.ok);
  }
  return merged.join("");
}

/** Words with the white space after them, so that joining gives the text back. */
function words(text: string): string[] {
  return text.match(/\S+\s*|\s+/gu) ?? [];
}
