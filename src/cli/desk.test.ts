import { expect, test } from "vitest";
import { type OperationName, operations } from "../server/operations.ts";
import { type Desk, deskCalls } from "./desk.ts";

/** What of the API does the same as each thing that commands ask of a running Truce. */
const sameInApi: Readonly<Record<keyof Desk, OperationName>> = {
  status: "getOverview",
  holds: "listHolds",
  hold: "getHold",
  decide: "decideHold",
  split: "splitRecord",
  train: "trainMatching",
  deadLetters: "listDeadLetters",
  deadLetter: "getDeadLetter",
  replayDead: "replayDeadLetters",
  editDead: "editDeadLetter",
  discardDead: "discardDeadLetters",
  planUndo: "planUndo",
  undo: "undoChanges",
  stoppedFlows: "listStoppedFlows",
  decideFlow: "decideFlow",
  convergence: "getConvergence",
  erase: "eraseRecord",
  verify: "verifyJournal",
  suggestRules: "suggestRules",
  alerts: "listAlerts",
  pastAlerts: "listAlerts",
  acknowledgeAlert: "acknowledgeAlert",
  users: "listUsers",
  inviteUser: "inviteUser",
  search: "searchRecords",
  byRecord: "searchRecords",
  journal: "listJournal",
  sweep: "startSweep",
};

test("whatever a command can do with a running Truce, the API can do", () => {
  expect(Object.keys(sameInApi).sort()).toEqual([...deskCalls].sort());
  for (const operation of Object.values(sameInApi)) expect(operations).toHaveProperty(operation);
});
