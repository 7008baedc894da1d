import type { Truth } from "./truth.ts";

type Known = { readonly system: string; readonly id: string; readonly name: string; readonly born: string | null };

/**
 * Where people are matched by their names and birth dates: nobody is taken for somebody else, and nobody who is plainly the same is there twice, unless a
 * person said so or is asked. Goes by what users entered; nobody edits these.
 */
export function checkPeople(truth: Truth): string[] {
  if (!truth.world.scenario.matching) return [];
  const people = knownPeople(truth);
  return [...strangersTogether(truth, people), ...onesApart(truth, people)];
}

/** The records that users made at the start and that nobody deleted or merged since. */
function knownPeople({ world }: Truth): Known[] {
  return world.systems.flatMap((system) =>
    [...system.records.values()].flatMap(({ id, deleted, mergedInto, history }): Known[] => {
      const [first] = history;
      const name = first?.by === "user" ? first.asked["name"] : null;
      const isPlain =
        !deleted && mergedInto === null && history.every(({ kind }) => kind === "create" || kind === "update");
      if (typeof name !== "string" || !isPlain) return [];
      const born = (first?.asked["born"] as string | undefined) ?? null;
      // Given a mailbox at the others' company, a namesake may well be one of them.
      const isTold =
        born !== null ||
        history.every(({ by, kind, asked }) => by === "truce" || kind === "create" || !("email" in asked));
      return isTold ? [{ system: system.name, id, name, born }] : [];
    }),
  );
}

function strangersTogether({ world }: Truth, people: readonly Known[]): string[] {
  return [...world.ledger.goldens.values()].flatMap((golden) => {
    const here = people.filter(({ system, id }) =>
      golden.links.some((link) => link.system === system && link.id === id && link.status === "linked"),
    );
    const isSettled = world.ledger.journal.some(
      ({ kind, goldenId, why }) =>
        goldenId === golden.id && (kind === "merged" || (kind === "linked" && why === "decided by a person")),
    );
    const isOther = (one: Known) => one.name !== here[0]?.name || one.born !== here[0]?.born;
    return here.some(isOther) && !isSettled
      ? [
          `people: ${golden.id} has ${here.map(({ system, id }) => `${system}/${id}`).join(" and ")}, who are not one person`,
        ]
      : [];
  });
}

/** Of different systems, each with a golden record of its own, and nobody was ever asked about either. */
function onesApart({ world, goldensOf }: Truth, people: readonly Known[]): string[] {
  const isAsked = ({ system, id }: Known) =>
    world.ledger.holds.some(
      (hold) =>
        // Whoever makes an incomplete record a thing of its own has said so too.
        (hold.kind === "duplicate" || hold.closed?.choice === "new") &&
        ((hold.ref?.system === system && hold.ref.id === id) ||
          [...goldensOf(system, id)].some((golden) => hold.goldenId === golden || hold.matches.includes(golden))),
    );
  // Who is archived is met by nobody any more.
  const isKept = (golden: string) => world.ledger.goldens.get(golden)?.deletedAt === null;
  const of = (one: Known) => [...goldensOf(one.system, one.id)].filter(isKept);
  return people.flatMap((one, i) =>
    people.slice(i + 1).flatMap((other) => {
      const isSame = one.name === other.name && one.born !== null && one.born === other.born;
      if (!isSame || one.system === other.system || of(one).length !== 1 || of(other).length !== 1) return [];
      if (of(one)[0] === of(other)[0] || isAsked(one) || isAsked(other)) return [];
      return [`people: ${one.system}/${one.id} and ${other.system}/${other.id} are one person, and nobody was asked`];
    }),
  );
}
