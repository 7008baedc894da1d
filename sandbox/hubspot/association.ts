/** One direction of one kind of link between two object types. */
export type AssociationType = {
  readonly category: "HUBSPOT_DEFINED" | "USER_DEFINED";
  readonly typeId: number;
  readonly label: string | null;
  readonly from: string;
  readonly to: string;
  /** Type id of the same link seen from the other side. */
  readonly inverse: number;
  readonly unlabelled: boolean;
};

export type Association = { readonly toId: string; readonly typeIds: ReadonlySet<number> };

/** Links between records, kept in both directions. Objects are named by type id. */
export type Associations = {
  /** The kinds of link between two types; the unlabelled one of a custom pair is made on first use. */
  typesOf(from: string, to: string): readonly AssociationType[];
  /** Adds the link types to those there are; true for each that is new. */
  add(from: string, fromId: string, to: string, toId: string, typeId: number): boolean;
  /** Removes one type, or all: the unlabelled one takes every label along. Returns the removed type ids. */
  remove(from: string, fromId: string, to: string, toId: string, typeId: number | null): readonly number[];
  list(from: string, fromId: string, to: string): readonly Association[];
  /** Links of `fromId` now belong to `toId`. */
  move(type: string, fromId: string, toId: string): void;
  /** Types that a record has links to. */
  linkedTypes(from: string, fromId: string): readonly string[];
  snapshot(): readonly SavedAssociation[];
  restore(saved: readonly SavedAssociation[]): void;
};

export type SavedAssociation = readonly [from: string, fromId: string, to: string, toId: string, typeId: number];

/** [from, to, unlabelled, its inverse, primary, its inverse] */
const definedPairs = [
  ["0-1", "0-2", 279, 280, 1, 2],
  ["0-1", "0-3", 4, 3, null, null],
  ["0-3", "0-2", 341, 342, 5, 6],
  ["0-1", "0-5", 15, 16, null, null],
  ["0-5", "0-2", 339, 340, 25, 26],
  ["0-3", "0-5", 27, 28, null, null],
] as const;

export function createAssociations(): Associations {
  const types: AssociationType[] = [];
  const addType = (
    [from, to, there, back]: readonly [string, string, number, number],
    category: AssociationType["category"],
    label: string | null,
  ) => {
    const unlabelled = label === null;
    types.push({ category, typeId: there, label, from, to, inverse: back, unlabelled });
    if (there !== back) types.push({ category, typeId: back, label, from: to, to: from, inverse: there, unlabelled });
  };
  for (const [from, to, there, back, primary, primaryBack] of definedPairs) {
    addType([from, to, there, back], "HUBSPOT_DEFINED", null);
    if (primary !== null) addType([from, to, primary, primaryBack], "HUBSPOT_DEFINED", "Primary");
  }
  // Key: type and id of one side -> type and id of the other -> type ids.
  const links = new Map<string, Map<string, Set<number>>>();
  const key = (type: string, id: string) => `${type}/${id}`;
  const setOf = (from: string, to: string) => {
    const own = links.get(from) ?? new Map<string, Set<number>>();
    links.set(from, own);
    const set = own.get(to) ?? new Set<number>();
    own.set(to, set);
    return set;
  };

  const typesOf = (from: string, to: string) => {
    const found = types.filter((type) => type.from === from && type.to === to);
    if (found.length > 0) return found;
    const next = 10_001 + types.length;
    addType([from, to, next, from === to ? next : next + 1], "HUBSPOT_DEFINED", null);
    return types.filter((type) => type.from === from && type.to === to);
  };
  const add: Associations["add"] = (from, fromId, to, toId, typeId) => {
    const type = typesOf(from, to).find((one) => one.typeId === typeId);
    if (type === undefined) throw new Error(`No association type ${typeId} from ${from} to ${to}.`);
    const there = setOf(key(from, fromId), key(to, toId));
    if (there.has(typeId)) return false;
    there.add(typeId);
    setOf(key(to, toId), key(from, fromId)).add(type.inverse);
    if (!type.unlabelled) add(from, fromId, to, toId, typesOf(from, to).find((one) => one.unlabelled)!.typeId);
    return true;
  };
  const remove: Associations["remove"] = (from, fromId, to, toId, typeId) => {
    const there = links.get(key(from, fromId))?.get(key(to, toId));
    if (there === undefined) return [];
    const unlabelled = typesOf(from, to).find((type) => type.unlabelled)!.typeId;
    const gone = typeId === null || typeId === unlabelled ? [...there] : [...there].filter((one) => one === typeId);
    const back = setOf(key(to, toId), key(from, fromId));
    for (const one of gone) {
      there.delete(one);
      back.delete(typesOf(from, to).find((type) => type.typeId === one)!.inverse);
    }
    if (there.size === 0) {
      links.get(key(from, fromId))!.delete(key(to, toId));
      links.get(key(to, toId))!.delete(key(from, fromId));
    }
    return gone;
  };
  return {
    typesOf,
    add,
    remove,
    list: (from, fromId, to) =>
      [...(links.get(key(from, fromId)) ?? [])]
        .filter(([other]) => other.startsWith(`${to}/`))
        .map(([other, typeIds]) => ({ toId: other.slice(to.length + 1), typeIds })),
    move: (type, fromId, toId) => {
      for (const [other, typeIds] of [...(links.get(key(type, fromId)) ?? [])]) {
        const [otherType, otherId] = other.split("/") as [string, string];
        for (const typeId of [...typeIds]) {
          if (otherType !== type || otherId !== toId) add(type, toId, otherType, otherId, typeId);
        }
        remove(type, fromId, otherType, otherId, null);
      }
    },
    linkedTypes: (from, fromId) => [
      ...new Set([...(links.get(key(from, fromId)) ?? new Map()).keys()].map((other) => other.split("/")[0]!)),
    ],
    snapshot: () =>
      [...links].flatMap(([from, own]) =>
        [...own].flatMap(([to, typeIds]) =>
          [...typeIds].map((typeId): SavedAssociation => {
            const [fromType, fromId] = from.split("/") as [string, string];
            const [toType, toId] = to.split("/") as [string, string];
            return [fromType, fromId, toType, toId, typeId];
          }),
        ),
      ),
    restore: (saved) => {
      links.clear();
      for (const [from, fromId, to, toId, typeId] of saved) {
        typesOf(from, to);
        setOf(key(from, fromId), key(to, toId)).add(typeId);
      }
    },
  };
}
