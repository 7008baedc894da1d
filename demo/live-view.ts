import pc from "picocolors";
import type { DemoNews } from "./run-demo.ts";

/** What happens, as it happens, on standard error: a block that is drawn over on a terminal, else a line now and then. */
export function liveView(isLive: boolean): { tell(news: DemoNews): void; end(): void } {
  const state = {
    stage: "",
    edits: "",
    lastEdits: [] as string[],
    fault: "",
    written: 0,
    received: 0,
    troubles: 0,
    behind: [] as string[],
    status: [] as string[],
    labels: {} as Readonly<Record<string, string>>,
  };
  const startedAt = Date.now();
  let drawn = 0;
  let lastDraw = 0;
  let writtenBefore = 0;
  let rate = 0;

  const labelOf = (system: string) => state.labels[system] ?? system;
  const seconds = () => ((Date.now() - startedAt) / 1000).toFixed(1).padStart(5);
  const line = (text: string) => void process.stderr.write(`${pc.dim(`${seconds()} s`)}  ${text}\n`);
  const erase = () => {
    if (drawn > 0) process.stderr.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = () => {
    const now = Date.now();
    if (!isLive || now - lastDraw < 100) return;
    rate = Math.round(((state.written - writtenBefore) * 1000) / Math.max(1, now - lastDraw) / 2 + rate / 2);
    writtenBefore = state.written;
    lastDraw = now;
    erase();
    const inner = (process.stderr.columns ?? 100) - 10;
    const counts = [
      `changes seen ${state.received}`,
      `writes ${state.written} (${rate}/s)`,
      `failed calls ${state.troubles}`,
      ...(state.edits === "" ? [] : [state.edits]),
    ];
    const lines = [
      `${pc.dim(`${seconds()} s`)}  ${pc.bold(state.stage)}`,
      ...[...wrapped(counts, inner), ...wrapped(state.behind, inner), ...state.status].map(
        (text) => `         ${text}`,
      ),
      ...(state.fault === "" ? [] : [`         ${pc.yellow(state.fault)}`]),
      ...state.lastEdits.map((text) => `         ${pc.dim(text)}`),
    ];
    const width = (process.stderr.columns ?? 100) - 1;
    process.stderr.write(`${lines.map((text) => cut(text, width)).join("\n")}\n`);
    drawn = lines.length;
  };

  return {
    tell(news) {
      switch (news.kind) {
        case "cast":
          state.labels = news.labels;
          break;
        case "stage":
          erase();
          state.stage = news.text;
          state.fault = "";
          state.lastEdits = [];
          line(news.text);
          break;
        case "fault":
          state.fault = news.text;
          erase();
          line(pc.yellow(news.text));
          break;
        case "edit":
          state.edits = `edits ${news.done} of ${news.all}`;
          state.lastEdits = [
            ...state.lastEdits.slice(-2),
            `${news.edit.user} in ${labelOf(news.edit.system)}: ${news.edit.entity} ${Object.entries(news.edit.values)
              .map(([field, value]) => `${field} ${value ?? "emptied"}`)
              .join(", ")}`,
          ];
          break;
        case "console":
          erase();
          line(`${pc.bold("The console:")} ${pc.cyan(news.url)}`);
          break;
        case "result":
          break;
        case "engine":
          hear(news.word);
      }
      draw();
    },
    end: erase,
  };

  function hear(word: (DemoNews & { kind: "engine" })["word"]): void {
    if (word.kind === "received") state.received += word.count;
    if (word.kind === "trouble") state.troubles++;
    if (word.kind === "written") state.written += word.results["written"] ?? 0;
    if (word.kind !== "status") return;
    const { counts } = word;
    const behind = Object.keys(counts.links)
      .sort()
      .map((system) => {
        const one = counts.behind[system];
        const lag =
          one?.oldestAt == null ? "" : ` for ${Math.max(0, Math.round((Date.now() - one.oldestAt) / 1000))} s`;
        return `${labelOf(system)} ${one === undefined || one.count === 0 ? "up to date" : `${one.count} behind${lag}`}`;
      });
    state.behind = behind;
    state.status = [
      `held: ${counts.holds.conflict ?? 0} conflicts, ${counts.holds.duplicate ?? 0} duplicates   to decide: ${counts.inbox}`,
    ];
  }
}

/** As many side by side as a line takes. */
function wrapped(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const joined = `${lines.at(-1) ?? ""}   ${text}`;
    if (lines.length > 0 && joined.length <= width) lines[lines.length - 1] = joined;
    else lines.push(text);
  }
  return lines;
}

/** Cuts a line that may hold colours to the terminal's width. */
function cut(text: string, width: number): string {
  let shown = 0;
  let result = "";
  for (const part of text.split(/(\u001b\[[0-9;]*m)/u)) {
    if (part.startsWith("\u001b")) result += part;
    else {
      const piece = part.slice(0, Math.max(0, width - shown));
      shown += piece.length;
      result += piece;
    }
  }
  return result;
}
