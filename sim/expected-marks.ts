/** What a standard run must have reached at least once; a promise that was never put to the test counts for nothing. */
export const expectedMarks: readonly string[] = [
  // Every verdict of the comparison; a conflict shows in the rule that decided it, "same" in a no-op.
  ...all("verdict", ["echo", "unfilled"]),
  ...all("why", ["first value", "fast-forward"]),
  ...all("outcome", ["applied", "no-op", "superseded", "held", "dead"]),
  // Every rule, and what keeps a rule from deciding.
  ...all("why", ["prefer", "newest", "keep", "longest", "max", "min", "union", "any-true", "all-true", "counter"]),
  ...all("why", ["forward-only", "merge-text", "owner", "greater text", "owner: crm", "only written there"]),
  ...all("why", ["review does not decide", "longest does not decide", "owner does not decide"]),
  ...all("why", ["a blank never beats a value", "clears: restore", "joins an open hold", "decided by a person"]),
  // Every kind of hold, opened and closed, and every choice on it.
  ...pairs("hold", ["conflict", "clear", "delete", "duplicate", "incomplete", "missing"], ["open", "closed"]),
  ...pairs("choice", ["conflict", "clear"], ["take", "set"]),
  ...all("choice/delete", ["delete", "restore", "leave"]),
  ...all("choice/duplicate", ["link", "new", "leave"]),
  ...all("choice/incomplete", ["new", "leave"]),
  "choice/missing/leave",
  ...all("review", ["once/done", "stale/stale", "twice/done", "twice/stale"]),
  // Every kind of receipt.
  ...pairs(
    "receipt",
    ["create", "update"],
    ["written", "REJECTED", "RATE_LIMITED", "UNREACHABLE", "UNKNOWN_OUTCOME", "lost"],
  ),
  ...all("receipt", [
    "create/exists",
    "update/changed",
    "update/missing",
    "update/SCHEMA",
    "delete/written",
    "delete/changed",
  ]),
  // Every kind of journal line.
  ...all("journal", ["set", "kept", "put-back", "held", "superseded", "refused", "lossy", "written"]),
  ...all("journal", ["created", "linked", "unlinked", "merged", "deleted"]),
  ...all("linked", ["same email", "create key", "decided by a person", "to be created again"]),
  // Every fault at every call.
  ...pairs(
    "fault",
    ["start", "pull", "read", "scan", "read-before", "write"],
    ["crash-before", "crash-after", "fail-before", "lost-reply", "rate-limited", "slow"],
  ),
  ...all("fault", [
    "pull/drop",
    "pull/repeat",
    "pull/shuffle",
    "pull/hint",
    "pull/again",
    "scan/shift",
    "write/rush",
    "poison",
  ]),
  ...pairs(
    "fault",
    [
      "store.receive",
      "store.claim",
      "store.load",
      "store.commit",
      "store.claimDue",
      "store.nextDueAt",
      "store.cursor",
      "store.setCursors",
      "store.counts",
      "store.linkedIds",
      "store.recover",
      "store.hold",
    ],
    ["crash-before", "crash-after", "fail-before", "lost-reply"],
  ),
  "fault/store.load/torn",
  "process/died",
  ...all("webhook", ["200", "400", "503", "repeated", "given-up"]),
  ...all("event", ["paused-fields", "feed-lost", "poisoned", "trouble", "recovered"]),
  ...all("dead", ["observation", "write"]),
  // Every actor.
  ...all("action", [
    "edit",
    "create",
    "duplicate",
    "delete",
    "undelete",
    "merge",
    "decide",
    "crash",
    "pause",
    "lose-feed",
  ]),
  ...all("action", ["sweep", "outage", "drop-cell", "poison", "reconfigure"]),
  // The conflict taxonomy.
  ...all("observation", ["upsert", "delete", "merge", "hint"]),
  ...all("taxonomy", [
    "different-fields",
    "group",
    "update-delete",
    "delete-recreate",
    "merge-merge",
    "unique-key-collision",
  ]),
  ...all("taxonomy", [
    "schema-drift",
    "type-mismatch",
    "partial-payload",
    "covered-edit",
    "third-party-workflow",
    "shared-key",
  ]),
  ...all("taxonomy", [
    "weak-key",
    "several-matches",
    "word-of-a-merged-record",
    "clock-skew",
    "concurrent",
    "redelivery",
    "behind-the-cursor",
    "missing-parent",
    "parent-not-there-yet",
    "cycle",
    "likely-the-same",
  ]),
  "linked/likely the same",
  // What may become of a golden record and of its links.
  ...all("state", ["live>deleted", "deleted>live", "wanted>linked", "linked>deleted", "deleted>linked"]),
  ...all("state", ["able>dead", "dead>able", "free>waiting", "waiting>free", "idle>writing", "writing>idle"]),
  ...all("state", ["known>unknown", "unknown>known", "even>behind", "behind>even", "taken>refused", "refused>taken"]),
  ...all("link", ["alias", "waits", "unsure", "dead"]),
  ...all("race", ["update/history", "update/lost"]),
  // The checks that only speak in some worlds.
  ...all("check", ["counter", "union", "newest", "reference"]),
];

function all(group: string, names: readonly string[]): string[] {
  return names.map((name) => `${group}/${name}`);
}

function pairs(group: string, first: readonly string[], second: readonly string[]): string[] {
  return first.flatMap((one) => all(`${group}/${one}`, second));
}
