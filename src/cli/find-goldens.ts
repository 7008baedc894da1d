import type { GoldenRecord } from "../model/golden.ts";
import type { Desk } from "./desk.ts";
import { refOf } from "./record-text.ts";

const foundMax = 10;

/** Golden records that a text may mean: by `system/object/id`, golden id, record id, or any whole value. */
export async function findGoldens(desk: Desk, text: string): Promise<readonly GoldenRecord[]> {
  const ref = refOf(text);
  const golden = ref === null ? null : await desk.byRecord(ref);
  return golden === null ? desk.search(text, foundMax) : [golden];
}
