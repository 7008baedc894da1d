/**
 * A pure function of a text that remembers its latest answers: the same names, cities, companies and mail hosts come again and again. Answers are shared, so
 * nobody may change them. `most`: kept of each of two generations; what is used moves to the young one.
 */
export function remembered<T>(make: (text: string) => T, most: number): (text: string) => T {
  let young = new Map<string, T>();
  let old = young;
  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    const value = old.get(text) ?? make(text);
    if (young.size >= most) {
      old = young;
      young = new Map();
    }
    young.set(text, value);
    return value;
  };
}
