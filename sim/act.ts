import type { Processes } from "./processes.ts";
import { review } from "./reviewers.ts";
import { type Action, object } from "./scenario.ts";
import type { SimRecord } from "./simulated-system.ts";
import { systemOf, type World } from "./world.ts";

/** Someone does something: a user, a reviewer, an operator, or fate. `n` numbers the action. */
export function act(world: World, processes: Processes, action: Action, n: number): void {
  const { clock } = world;
  world.marks.add(`action/${action.kind}`);
  switch (action.kind) {
    case "edit": {
      const record = pickLive(world, action.system, action.pick);
      if (record !== undefined) systemOf(world, action.system).userEdit(record.id, action.cells);
      return;
    }
    case "create":
      systemOf(world, action.system).userCreate(action.values);
      return;
    case "duplicate":
      return duplicate(world, action.system, action.pick);
    case "delete": {
      const record = pickLive(world, action.system, action.pick);
      if (record !== undefined) systemOf(world, action.system).userDelete(record.id);
      return;
    }
    case "undelete": {
      const gone = [...systemOf(world, action.system).records.values()].filter((one) => one.deleted);
      const record = gone[Math.floor(action.pick * gone.length)];
      if (record !== undefined) systemOf(world, action.system).userUndelete(record.id);
      return;
    }
    case "merge": {
      const [loser, survivor] = [
        pickLive(world, action.system, action.pick),
        pickLive(world, action.system, action.into),
      ];
      if (loser !== undefined && survivor !== undefined)
        systemOf(world, action.system).userMerge(loser.id, survivor.id);
      return;
    }
    case "decide":
      void review(world, processes, action, n);
      return;
    case "crash":
      return processes.restart(action.engine);
    case "pause": {
      const process = processes.all[action.engine];
      if (process != null) process.life.pausedUntil = clock.now() + action.ms;
      world.trace.note(clock.now(), "pause", () => `process ${process?.life.name} is stopped for ${action.ms} ms`);
      return;
    }
    case "lose-feed": {
      const system = systemOf(world, action.system);
      system.feedFrom = system.order();
      return;
    }
    case "sweep":
      void processes
        .anyAlive(n)
        ?.running.sweep(action.system, object)
        .catch(() => undefined);
      return;
    case "outage":
      systemOf(world, action.system).downUntil = clock.now() + action.ms;
      return;
    case "drop-cell": {
      const { droppedCells } = systemOf(world, action.system);
      droppedCells.add(action.cell);
      clock.after(action.ms, () => void droppedCells.delete(action.cell));
      return;
    }
    case "poison": {
      const record = pickLive(world, action.system, action.pick);
      if (record === undefined) return;
      systemOf(world, action.system).poisoned.add(record.id);
      systemOf(world, action.system).userEdit(record.id, { phone: { set: `poison ${n}` } });
      return;
    }
    case "reconfigure":
      world.rules.set(action.field, action.rule);
      for (let index = 0; index < processes.all.length; index++) processes.restart(index);
      return;
  }
}

function pickLive(world: World, name: string, pick: number): SimRecord | undefined {
  const live = systemOf(world, name).liveRecords();
  return live[Math.floor(pick * live.length)];
}

/** A user enters someone anew who is there already, copying the e-mail. */
function duplicate(world: World, name: string, pick: number): void {
  const record = pickLive(world, name, pick);
  const email = record?.cells["email"];
  if (typeof email === "string") systemOf(world, name).userCreate({ email, phone: `twin of ${record?.id}` });
}
