import { numberText, spanText } from "./output.ts";

/** How far a long piece of work is, told on standard error: a line that is drawn anew on a terminal, else a line now and then. */
export type Progress = {
  /** `total: null`: not known. */
  set(part: string, done: number, total: number | null): void;
  /** Says something that stays, above the line. */
  note(text: string): void;
  end(): void;
};

type Part = { readonly startedAt: number; readonly base: number; readonly done: number; readonly total: number | null };

const redrawMs = 100;
const sparseMs = 10_000;

/** `now` in ms. The first report of a part counts as its start: work that is taken up again is not mistaken for speed. */
export function createProgress(stream: NodeJS.WriteStream = process.stderr, now: () => number = Date.now): Progress {
  const parts = new Map<string, Part>();
  const everyMs = stream.isTTY ? redrawMs : sparseMs;
  let toldAt = now();
  let isDrawn = false;

  const clear = () => {
    if (isDrawn) stream.write("\r\u001b[2K");
    isDrawn = false;
  };
  const draw = () => {
    toldAt = now();
    const text = [...parts].map(([name, part]) => partText(name, part, now())).join("; ");
    if (!stream.isTTY) {
      stream.write(`${text}\n`);
      return;
    }
    stream.write(`\r\u001b[2K${text.slice(0, Math.max(20, stream.columns - 1))}`);
    isDrawn = true;
  };
  return {
    set(name, done, total) {
      const known = parts.get(name);
      parts.set(name, { startedAt: known?.startedAt ?? now(), base: known?.base ?? done, done, total });
      if (now() - toldAt >= everyMs) draw();
      // What is finished was told once more and then leaves the line.
      if (total !== null && done >= total) parts.delete(name);
    },
    note(text) {
      clear();
      stream.write(`${text}\n`);
    },
    end: clear,
  };
}

function partText(name: string, { startedAt, base, done, total }: Part, now: number): string {
  const seconds = (now - startedAt) / 1_000;
  const rate = seconds > 0 ? (done - base) / seconds : 0;
  const of = total === null ? "" : ` of ${numberText(total)}`;
  const speed = rate > 0 ? `, ${numberText(Math.round(rate))}/s` : "";
  const left = total !== null && rate > 0 && total > done ? `, ${spanText(((total - done) / rate) * 1_000)} left` : "";
  return `${name} ${numberText(done)}${of}${speed}${left}`;
}
