/** Rows by key, in flat arrays: half a million of them cost the garbage collector nothing. Keys are spread evenly. */
export type NotedKeys = {
  size(): number;
  add(key: number, row: number): void;
  /** False where it was not there. */
  remove(key: number, row: number): boolean;
  /** The rows of a key that came last, so many at most. */
  rowsOf(key: number, most: number): readonly number[];
  /** In order of the keys. */
  each(visit: (key: number, row: number) => void): void;
};

const none = -1;

export function newNotedKeys(): NotedKeys {
  let capacity = 256;
  let keys = new Float64Array(capacity);
  let rows = new Int32Array(capacity);
  /** Entries of one key are a chain, the last one first. */
  let next = new Int32Array(capacity);
  /** By a key's place: the first entry of its chain. */
  let heads = new Int32Array(2 * capacity).fill(none);
  let used = 0;
  let size = 0;

  /** Where the chain of a key begins, or would. */
  const placeOf = (key: number) => {
    const mask = heads.length - 1;
    let place = (key % 2_147_483_647) & mask;
    while (heads[place] !== none && keys[heads[place] as number] !== key) place = (place + 1) & mask;
    return place;
  };
  const put = (key: number, row: number) => {
    const place = placeOf(key);
    keys[used] = key;
    rows[used] = row;
    next[used] = heads[place] as number;
    heads[place] = used++;
  };
  /** What was removed is left out. */
  const grow = () => {
    const [oldKeys, oldRows, end] = [keys, rows, used];
    if (size > capacity / 2) capacity *= 2;
    keys = new Float64Array(capacity);
    rows = new Int32Array(capacity);
    next = new Int32Array(capacity);
    heads = new Int32Array(2 * capacity).fill(none);
    used = 0;
    for (let i = 0; i < end; i++) if (oldRows[i] !== none) put(oldKeys[i] as number, oldRows[i] as number);
  };

  return {
    size: () => size,
    add(key, row) {
      if (used === capacity) grow();
      put(key, row);
      size++;
    },
    remove(key, row) {
      for (let i = heads[placeOf(key)] as number; i !== none; i = next[i] as number) {
        if (rows[i] !== row) continue;
        rows[i] = none;
        size--;
        return true;
      }
      return false;
    },
    rowsOf(key, most) {
      const found: number[] = [];
      for (let i = heads[placeOf(key)] as number; i !== none && found.length < most; i = next[i] as number)
        if (rows[i] !== none) found.push(rows[i] as number);
      return found;
    },
    each(visit) {
      const chains = heads.filter((head) => head !== none).sort((a, b) => (keys[a] as number) - (keys[b] as number));
      for (const head of chains) {
        for (let i = head; i !== none; i = next[i] as number)
          if (rows[i] !== none) visit(keys[i] as number, rows[i] as number);
      }
    },
  };
}
