import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from "yaml";

/** A rule for one field, as the config writes it on one line: `newest`, `{ prefer: [crm, db] }`. */
export type RuleEdit = { readonly entity: string; readonly field: string; readonly rule: string };

/** The text with the rules in it, or why they can't be put there. */
export type EditedText =
  | { readonly kind: "edited"; readonly text: string }
  | { readonly kind: "invalid"; readonly reason: string };

/** Puts rules into a YAML config and leaves every other sign of it as it is. What the rules mean is not looked at. */
export function editRules(text: string, edits: readonly RuleEdit[]): EditedText {
  let edited = text;
  for (const edit of edits) {
    const next = editRule(edited, edit);
    if (next.kind === "invalid") return next;
    edited = next.text;
  }
  return { kind: "edited", text: edited };
}

function editRule(text: string, { entity, field, rule }: RuleEdit): EditedText {
  if (!isOneNode(rule)) return { kind: "invalid", reason: `"${rule}" is no rule on one line of YAML.` };
  // \${NAME} may stand unquoted in a config; here only places count, so a sign for a sign will do.
  const shielded = text.replaceAll(/\$\{([^{}\n]*)\}/gu, "$_$1_");
  const lines = new LineCounter();
  const document = parseDocument(shielded, { lineCounter: lines, prettyErrors: false, merge: true });
  const value = ["entities", entity, "fields", field].reduce<Node | null>(
    (node, key) => (isMap(node) ? ((pairOf(node, key)?.value as Node | null | undefined) ?? null) : null),
    document.contents,
  );
  const where = `entities.${entity}.fields.${field}`;
  if (value?.range == null || isAlias(value))
    return { kind: "invalid", reason: `${where} is not written out in the file. Change its rule there by hand.` };
  const [start, end] = value.range;
  if (isScalar(value)) {
    const type = text.slice(start, end);
    return edited(text, start, end, `{ type: ${type}, rule: ${rule} }`);
  }
  if (!isMap(value)) return { kind: "invalid", reason: `${where} is no field.` };
  const old = pairOf(value, "rule");
  const oldKey = (old?.key as Node | undefined)?.range;
  if (old !== undefined && oldKey != null) {
    const oldEnd = endOf((old.value ?? old.key) as Node);
    return edited(text, oldKey[0], oldEnd, `rule: ${rule}`);
  }
  return insertRule(text, value, rule, lines);
}

/** Behind what the field has: on the same line, or on one of its own. */
function insertRule(text: string, field: YAMLMap, rule: string, lines: LineCounter): EditedText {
  const [first, last] = [field.items[0], field.items.at(-1)];
  const begin = (first?.key as Node | undefined)?.range?.[0];
  if (begin === undefined || last === undefined)
    return edited(text, field.range?.[0] ?? 0, field.range?.[1] ?? 0, `{ rule: ${rule} }`);
  const end = endOf((last.value ?? last.key) as Node);
  if (field.flow === true) return edited(text, end, end, `, rule: ${rule}`);
  const lineEnd = text.indexOf("\n", end - 1);
  const place = lineEnd === -1 ? text.length : lineEnd;
  return edited(text, place, place, `\n${" ".repeat(lines.linePos(begin).col - 1)}rule: ${rule}`);
}

/** Where its last sign is: the range of a block reaches into the lines after it. */
function endOf(node: Node): number {
  const isBlock = (isMap(node) || isSeq(node)) && node.flow !== true;
  const last = isBlock ? node.items.at(-1) : undefined;
  if (last === undefined) return node.range?.[1] ?? 0;
  return endOf((isPair(last) ? (last.value ?? last.key) : last) as Node);
}

function edited(text: string, start: number, end: number, middle: string): EditedText {
  return { kind: "edited", text: text.slice(0, start) + middle + text.slice(end) };
}

/** Nothing that would end the rule and begin something else. */
function isOneNode(rule: string): boolean {
  if (/[\n\r#]/u.test(rule)) return false;
  const document = parseDocument(`[${rule}]`, { prettyErrors: false });
  const all = document.errors.length === 0 ? (document.toJS() as unknown) : null;
  return Array.isArray(all) && all.length === 1 && all[0] !== null;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === key);
}
