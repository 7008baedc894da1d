import { createHash } from "node:crypto";
import { lineText } from "../core/erase.ts";
import type { Deps } from "../engine/deps.ts";
import { StoreFailure } from "../engine/store-failure.ts";
import type { JournalEntry } from "../model/journal.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import type { Store } from "../ports/store.ts";
import type { JournalLine } from "./scan-journal.ts";

/** A block of journal lines, chained to the one before it: whoever alters, adds or removes a line in it is found out. */
export type Seal = {
  /** The numbers of its first and last line. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly at: Instant;
  /** SHA-256 of the digest before and those of its lines, as hex. */
  readonly digest: string;
};

const kind = "seal";
const everyMs = 60_000;
/** Lines of commits under way may still come before the newest; after so long none does. */
const settledMs = 2 * 60_000;
const blockMax = 1_000;
/** What the first block is chained to. */
const beginning = "truce";

/** Seals the journal as it grows, in the background, until `signal` aborts. */
export async function sealJournal(deps: Deps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let isMore = false;
    try {
      isMore = await sealNext(deps);
    } catch (error) {
      if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
    }
    if (!isMore) await deps.clock.sleep(everyMs, signal);
  }
}

/** Seals one block. False when nothing is left to seal now. */
export async function sealNext({ store, clock }: Pick<Deps, "store" | "clock">): Promise<boolean> {
  const now = clock.now();
  const [newest] = await store.documents({ kind, newestFirst: true, limit: 1 }, now);
  const before = newest === undefined ? null : (newest.value as Seal);
  const lines = await store.journal({ after: before?.to ?? 0, limit: blockMax });
  const end = lines.findIndex(({ at }) => at > now - settledMs);
  const settled = end === -1 ? lines : lines.slice(0, end);
  const [first, last] = [settled[0], settled.at(-1)];
  if (first === undefined || last === undefined) return false;
  const digest = blockDigest(before?.digest ?? beginning, settled);
  const seal: Seal = { from: first.sequence, to: last.sequence, count: settled.length, at: now, digest };
  // Named by where it begins: of two processes that seal at the same moment, and see different lines as settled, one does.
  const key = String(first.sequence).padStart(15, "0");
  await store.putDocuments([{ kind, key, value: seal, expiresAt: null, expected: 0 }], now);
  return end === -1 && lines.length === blockMax;
}

function blockDigest(before: string, lines: readonly JournalEntry[]): string {
  const hash = createHash("sha256").update(before);
  for (const line of lines) hash.update(`\n${line.erased ?? lineDigest(line)}`);
  return hash.digest("hex");
}

export function lineDigest(line: JournalEntry): string {
  return createHash("sha256").update(lineText(line)).digest("hex");
}

/** Where the journal begins, since all before it was let go of: the last block of that. */
export type Checkpoint = Pick<Seal, "to" | "at" | "digest">;

const checkpointKind = "checkpoint";
const checkpointKey = "journal";
const sealsPage = 500;

export async function checkpointOf(store: Pick<Store, "document">, now: Instant): Promise<Checkpoint | null> {
  return ((await store.document(checkpointKind, checkpointKey, now))?.value as Checkpoint | undefined) ?? null;
}

/** Sets the checkpoint to the last block that was sealed before `before`, the newest aside, and lets go of the seals up to it. */
export async function advanceCheckpoint(
  { store, clock }: Pick<Deps, "store" | "clock">,
  before: Instant,
): Promise<void> {
  for (;;) {
    const now = clock.now();
    const [newest] = await store.documents({ kind, newestFirst: true, limit: 1 }, now);
    const page = await store.documents({ kind, limit: sealsPage }, now);
    const old = page.filter(({ key, value }) => key !== newest?.key && (value as Seal).at < before);
    const last = old.at(-1)?.value as Seal | undefined;
    if (last === undefined) return;
    const { to, at, digest } = last;
    const known = await store.document(checkpointKind, checkpointKey, now);
    const value: Checkpoint = { to, at, digest };
    const gone = old.map(({ key }) => ({ kind, key, value: null, expiresAt: null }));
    const checkpoint = { kind: checkpointKind, key: checkpointKey, value, expiresAt: null };
    // Another process has come further at the same moment.
    if (!(await store.putDocuments([{ ...checkpoint, expected: known?.revision ?? 0 }, ...gone], now))) return;
    if (old.length < sealsPage) return;
  }
}

export type ChainReport = {
  /** What is older was let go of; `null`: nothing was. */
  readonly checkpoint: Checkpoint | null;
  readonly seals: number;
  readonly sealedLines: number;
  /** Blocks that are not as they were sealed. */
  readonly broken: readonly { readonly from: number; readonly to: number; readonly reason: string }[];
};

/** Recomputes every seal from the lines that there are, from the checkpoint on. A broken block breaks no later one: each is measured from the digest that was stored. */
export async function verifyChain(
  store: Pick<Store, "document" | "documents" | "journal">,
  now: Instant,
): Promise<ChainReport> {
  const broken: { from: number; to: number; reason: string }[] = [];
  let seals = 0;
  let sealedLines = 0;
  const checkpoint = await checkpointOf(store, now);
  let digest = checkpoint?.digest ?? beginning;
  let place = checkpoint?.to ?? 0;
  for (let after = ""; ; ) {
    const page = await store.documents({ kind, after, limit: sealsPage }, now);
    for (const { value } of page) {
      const seal = value as Seal;
      const lines = await linesUntil(store, place, seal.to);
      if (lines.length !== seal.count)
        broken.push({ ...seal, reason: `it had ${seal.count} lines, and has ${lines.length}` });
      else if (blockDigest(digest, lines) !== seal.digest)
        broken.push({ ...seal, reason: "a line in it was altered, or the seal before it" });
      [digest, place] = [seal.digest, seal.to];
      seals++;
      sealedLines += seal.count;
    }
    after = page.at(-1)?.key ?? "";
    if (page.length < sealsPage) break;
  }
  return { checkpoint, seals, sealedLines, broken: broken.map(({ from, to, reason }) => ({ from, to, reason })) };
}

async function linesUntil(store: Pick<Store, "journal">, after: number, to: number): Promise<JournalLine[]> {
  return [...(await store.journal({ after, before: to + 1, limit: blockMax + 1 }))];
}
