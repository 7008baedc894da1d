/** "Sometimes" marks: what a run of many seeds must have reached at least once, or it proves nothing about it. */
export type Marks = {
  add(mark: string): void;
  readonly seen: ReadonlySet<string>;
};

export function newMarks(): Marks {
  const seen = new Set<string>();
  return { add: (mark) => void seen.add(mark), seen };
}
