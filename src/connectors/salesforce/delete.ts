import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { objectOf, own } from "../../ports/json-object.ts";
import { lostError } from "../../ports/lost-answer.ts";
import { complaintsOf, isGone, rowError } from "./errors.ts";
import { look } from "./look.ts";
import { failed } from "./receipt.ts";
import type { BoundObject } from "./schema.ts";
import type { WriteDeps } from "./write.ts";

export type Delete = WriteRequest & { readonly kind: "delete" };

/**
 * Moves records that still hold what was expected to the recycle bin. Salesforce takes no condition on a delete: the look just before is all there
 * is. One that is not there is as good as deleted.
 */
export async function deleteRecords(
  deps: WriteDeps,
  bound: BoundObject,
  requests: readonly Delete[],
): Promise<readonly WriteResult[]> {
  const found = await deps.reader.find(
    bound,
    requests.map(({ id }) => id),
  );
  const looks = requests.map((request) => look(deps, bound, found, request));
  const ids = looks.flatMap((looked) => (looked.kind === "as-expected" ? [looked.record.id] : []));
  const refused = await sendDeletes(deps, bound, ids);
  const observedAt = deps.clock.now();
  return requests.map((request, i): WriteResult => {
    const looked = looks[i]!;
    if (looked.kind === "stop" && looked.result.kind !== "missing") return looked.result;
    const refusal = looked.kind === "as-expected" ? refused.get(looked.record.id) : undefined;
    const rest = { cells: {}, complete: false, revision: null, covered: {}, created: false };
    return refusal ?? { kind: "written", id: request.id, observedAt, ...rest };
  });
}

async function sendDeletes(
  { client }: WriteDeps,
  { sobject }: BoundObject,
  ids: readonly string[],
): Promise<ReadonlyMap<string, WriteResult>> {
  if (ids.length === 0) return new Map();
  const what = `deleting ${ids.length} ${sobject.name}`;
  const path = `composite/sobjects?allOrNone=false&ids=${ids.join(",")}`;
  const answer = await client.call({ method: "DELETE", path, effect: "write", what });
  const rows = Array.isArray(answer) ? answer.map((row) => objectOf(row) ?? {}) : [];
  return new Map(
    ids.flatMap((id, i): [string, WriteResult][] => {
      const row = rows[i];
      if (row === undefined) return [[id, failed(lostError("write", `${what}: the answer leaves out ${id}`))]];
      if (own(row, "success") === true) return [];
      const complaints = complaintsOf(own(row, "errors"));
      return complaints.some(isGone) ? [] : [[id, failed(rowError(complaints, `deleting ${sobject.name} ${id}`))]];
    }),
  );
}
