import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import type { Finding, Path } from "./problem.ts";
import type { Place, Source } from "./source.ts";

/** `${NAME}` may stand unquoted, in flow style too, where YAML would see a mapping begin: the braces are put aside, one sign for one. */
const openSign = "\u{E0B1}";
const closeSign = "\u{E0B2}";

type SyntaxError = { readonly place: Place; readonly message: string; readonly remedy: string | null };

/** Reads YAML. Repeated keys and tabs are told and read past; after another syntax error `data` is `undefined`. */
export function readYaml(text: string): Source {
  const shielded = text.replaceAll(/\$\{([^{}\n]*)\}/gu, `$${openSign}$1${closeSign}`);
  const { text: untabbed, errors: tabs, columnOf } = withoutTabs(shielded);
  const lines = new LineCounter();
  const document = parseDocument(untabbed, { lineCounter: lines, prettyErrors: false, merge: true });
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === "string") {
        node.value = node.value.replaceAll(openSign, "{").replaceAll(closeSign, "}");
      }
    },
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: columnOf(line, col) };
  };
  const errors = document.errors.map(({ code, pos, message }): SyntaxError => {
    const repeated = code === "DUPLICATE_KEY";
    const key = /^[^\s:]+/u.exec(untabbed.slice(pos[0]))?.[0] ?? "";
    return repeated
      ? { place: placeAt(pos[0]), message: `the key ${key} is here twice`, remedy: "Remove one of them." }
      : { place: placeAt(pos[0]), message: syntaxMessage(message), remedy: null };
  });
  const isReadable = document.errors.every(({ code }) => code === "DUPLICATE_KEY");
  const plain: Pick<Source, "data" | "errors"> = isReadable ? plainData(document) : { data: undefined, errors: [] };
  return {
    data: plain.data,
    errors: [...tabs, ...errors, ...plain.errors],
    placeOf: (finding) => placeAt(offsetOf(document.contents, finding)),
  };

  function offsetOf(contents: Node | null, { path, at }: Pick<Finding, "path" | "at">): number {
    let node: Node | null = contents;
    let offset = 0;
    for (const [i, part] of path.entries()) {
      const step = stepInto(node, part);
      if (step === null) break;
      const isKey = step.key !== null && (at === "key" || step.value?.range == null);
      offset = (i === path.length - 1 && isKey ? step.key : (step.value ?? step.key))?.range?.[0] ?? offset;
      if (i < path.length - 1 && step.key?.range != null) offset = step.key.range[0];
      node = step.value;
    }
    return offset;
  }

  function stepInto(
    node: Node | null,
    part: Path[number],
  ): { readonly key: Node | null; readonly value: Node | null } | null {
    const here =
      node !== null && "source" in node && "resolve" in node ? ((node.resolve(document) ?? null) as Node | null) : node;
    if (isSeq(here)) {
      const item = here.items[Number(part)];
      return item === undefined ? null : { key: null, value: item as Node };
    }
    if (!isMap(here)) return null;
    const pair = pairOf(here, part);
    return pair === undefined ? null : { key: pair.key as Node, value: pair.value as Node | null };
  }
}

/** Aliases may go round in circles, or multiply beyond all measure. */
function plainData(document: Document): Pick<Source, "data" | "errors"> {
  try {
    const data: unknown = document.toJS() ?? {};
    JSON.stringify(data);
    return { data, errors: [] };
  } catch {
    const message = "the aliases (*name) of this file lead back to themselves, or are far too many";
    return { data: undefined, errors: [{ place: { line: 1, column: 1 }, message, remedy: "Write these parts out." }] };
  }
}

/** Of a repeated key the last counts, as in the data. */
function pairOf(map: YAMLMap, part: Path[number]): Pair | undefined {
  return map.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(part));
}

function syntaxMessage(message: string): string {
  return message.replace(/^./u, (letter) => letter.toLowerCase()).replace(/\.$/u, "");
}

/** Tabs in indentation are told, and read as two spaces each, so that the rest can be looked at in the same go. */
function withoutTabs(text: string) {
  const places = new Set<number>();
  const lines = new LineCounter();
  for (const { code, pos } of parseDocument(text, { lineCounter: lines, prettyErrors: false }).errors) {
    if (code === "TAB_AS_INDENT") places.add(lines.linePos(pos[0]).line);
  }
  const tabCounts = new Map<number, number>();
  const rows = text.split("\n").map((row, i) => {
    const indent = /^[ \t]*/u.exec(row)?.[0] ?? "";
    const tabs = indent.split("\t").length - 1;
    if (tabs === 0 || places.size === 0) return row;
    tabCounts.set(i + 1, tabs);
    return indent.replaceAll("\t", "  ") + row.slice(indent.length);
  });
  const errors = [...tabCounts.keys()].map((line): SyntaxError => {
    return {
      place: { line, column: 1 },
      message: "a tab indents this line",
      remedy: "YAML is indented by spaces: replace each tab by two.",
    };
  });
  return {
    text: rows.join("\n"),
    errors,
    columnOf: (line: number, column: number) => Math.max(1, column - (tabCounts.get(line) ?? 0)),
  };
}
