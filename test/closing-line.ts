import type { Reporter } from "vitest/node";

/** Ends a run with its counts on one plain line, for programs that read them. A file that could not be run counts as a failure. */
export const closingLine: Reporter = {
  onTestRunEnd(files) {
    const states = files.flatMap((file) => {
      const tests = [...file.children.allTests()].map((test) => test.result().state);
      return file.state() === "failed" && !tests.includes("failed") ? [...tests, "failed"] : tests;
    });
    const count = (state: string) => states.filter((one) => one === state).length;
    process.stdout.write(`tests: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`);
  },
};
