import type { World } from "../world.ts";
import { checkBlanking } from "./blanking.ts";
import { checkConservation, checkPoison } from "./conservation.ts";
import { checkConvergence } from "./convergence.ts";
import { checkDeletes } from "./deletes.ts";
import { checkEdits } from "./edits.ts";
import { checkHolds } from "./holds.ts";
import { checkTwins } from "./identity.ts";
import { checkJournal } from "./journal.ts";
import { checkPeople } from "./people.ts";
import { checkRules } from "./rules.ts";
import { truthOf } from "./truth.ts";
import { checkWrites } from "./writes.ts";

/** Checks the promises of GUARANTEES on a world that has come to rest. Knows the systems' own logs; trusts nothing that Truce counts. */
export function checkWorld(world: World): string[] {
  const truth = truthOf(world);
  const checks = [
    checkConvergence,
    checkEdits,
    checkBlanking,
    checkWrites,
    checkConservation,
    checkPoison,
    checkJournal,
    checkHolds,
    checkDeletes,
    checkRules,
    checkTwins,
    checkPeople,
  ];
  return [...world.ledger.failures, ...checks.flatMap((check) => check(truth))];
}
