import { expect, test } from "vitest";
import { wordDiff } from "./word-diff.ts";

const marked = (before: string, text: string) =>
  wordDiff(before, text)
    .map((piece) => (piece.isNew ? `[${piece.text}]` : piece.text))
    .join("");

test("words that the text before does not have are marked", () => {
  expect(marked("call back in week 7", "call back in week 12")).toBe("call back in week [12]");
  expect(marked("call back in week 7", "please call back in week 7")).toBe("[please ]call back in week 7");
  expect(marked("call back in week 7", "call in week 7")).toBe("call in week 7");
});

test("a text that has little in common with the one before is left unmarked", () => {
  expect(marked("Met at the Lyon fair.", "Note 116: call back in week 17.")).toBe("Note 116: call back in week 17.");
});
