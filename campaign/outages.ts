import { type Company, openCompany, type StoreKind, sleep } from "./company.ts";
import type { HarmReport } from "./harms.ts";
import { resumed } from "./kills.ts";
import type { Truce } from "./truce.ts";
import { judge } from "./verdict.ts";

/** PostgreSQL is killed while people edit, and started again: Truce's store, where it is there, and the company's own database at once. */
export async function postgresDown(seed: number, store: StoreKind, times: number): Promise<HarmReport> {
  return during(seed, store, "PostgreSQL killed", times, async (company, truce) => {
    const playing = company.play(6);
    await sleep(100);
    await company.killPostgres();
    await sleep(2_000);
    await company.startPostgres();
    await playing;
    return resumed(company, truce);
  });
}

/** Connections stay open and silent: first to one of the systems, then to the next, and to the store. New ones work after three seconds. */
export async function halfOpen(seed: number, store: StoreKind): Promise<HarmReport> {
  const ways = ["crm", "marketing", "db", ...(store === "postgres" ? (["store"] as const) : [])] as const;
  return during(seed, store, "half-open sockets", ways.length, async (company, truce, time) => {
    const passage = company.passages[ways[time]!];
    const playing = company.play(6);
    await sleep(100);
    passage.silence();
    await playing;
    await sleep(3_000);
    passage.mend();
    return resumed(company, truce);
  });
}

/** The clock that the process reads jumps by a day, ahead and back. */
export async function clockJump(seed: number, store: StoreKind, times: number): Promise<HarmReport> {
  const day = 86_400_000;
  const preload = `
    const Real = Date; let shift = 0; let jumps = 0;
    process.on("SIGUSR2", () => { shift += jumps++ % 2 === 0 ? ${day} : -${day}; });
    globalThis.Date = class Date extends Real {
      constructor(...given) { if (given.length === 0) super(Real.now() + shift); else super(...given); }
      static now() { return Real.now() + shift; }
    };`;
  const nodeOptions = ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
  return during(
    seed,
    store,
    "clock jumps a day",
    times,
    async (company, truce) => {
      const playing = company.play(6);
      await sleep(200);
      truce.signal("SIGUSR2");
      await playing;
      return resumed(company, truce);
    },
    nodeOptions,
  );
}

/** Something happens to a company several times while Truce runs through; what it resolves with is how long work took to resume, ms. */
async function during(
  seed: number,
  store: StoreKind,
  harm: string,
  times: number,
  happen: (company: Company, truce: Truce, time: number) => Promise<number>,
  nodeOptions: readonly string[] = [],
): Promise<HarmReport> {
  const company = await openCompany({ seed, store });
  try {
    const truce = company.start({ nodeOptions });
    await resumed(company, truce);
    const resumeMs: number[] = [];
    for (let time = 0; time < times; time++) {
      resumeMs.push(await happen(company, truce, time));
      if (truce.hasEnded()) throw new Error(`${harm}: truce ended by itself: ${truce.said()}`);
    }
    await truce.stop();
    return { harm, store, times, resumeMs, verdict: await judge(company) };
  } finally {
    await company.close();
  }
}
