/** Ids in ascending numeric order, sorted only when someone looks. */
export type SortedIds = {
  add(id: string): void;
  delete(id: string): void;
  readonly size: number;
  /** Up to `limit` ids that are not below `from` (`null`: from the first). */
  page(from: string | null, limit: number): readonly string[];
};

export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function createSortedIds(): SortedIds {
  const ids = new Set<string>();
  let sorted: string[] | null = null;
  const inOrder = () => {
    sorted ??= [...ids].sort(compareIds);
    return sorted;
  };
  return {
    add: (id) => {
      ids.add(id);
      sorted = null;
    },
    delete: (id) => {
      if (ids.delete(id)) sorted = null;
    },
    get size() {
      return ids.size;
    },
    page: (from, limit) => {
      const all = inOrder();
      const start = from === null ? 0 : lowerBound(all, from);
      return all.slice(start, start + limit);
    },
  };
}

function lowerBound(ids: readonly string[], from: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareIds(ids[middle]!, from) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
