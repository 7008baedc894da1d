import { CliError, exitError } from "./exit.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, numberText, print, printJson, safeText, timeText } from "./output.ts";
import type { CommonOptions } from "./session.ts";

/** `truce verify`: that the journal leads to the present state, line by line, and that nobody has altered it. */
export function verifyCommand(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const { isSound, goldens, erased, older, unexplained, chain } = await desk.verify();
    if (options.json === true) printJson({ isSound, goldens, erased, older, unexplained, chain });
    else {
      const gone = erased === 0 ? "" : `, ${numberText(erased)} of them erased`;
      print(
        `${counted(goldens, "golden record")}${gone}: ${unexplained.length === 0 ? color.green("all as the journal tells") : color.red("not all as the journal tells")}`,
      );
      for (const { goldenId, field, reason } of unexplained) print(`  ${goldenId} ${field}: ${safeText(reason)}`);
      if (chain.checkpoint !== null) {
        const { to, at } = chain.checkpoint;
        const set = older === 0 ? "" : ` ${counted(older, "field")} were set before and not since.`;
        print(
          `Lines up to ${numberText(to)}, sealed by ${timeText(at)}, are no longer kept (settings.keep.journal).${set}`,
        );
      }
      const whole =
        chain.broken.length === 0 ? color.green("all as they were sealed") : color.red("not all as they were sealed");
      print(`${counted(chain.sealedLines, "sealed line")} in ${counted(chain.seals, "block")}: ${whole}`);
      for (const { from, to, reason } of chain.broken) print(`  lines ${from} to ${to}: ${reason}`);
    }
    if (!isSound) throw new CliError("The journal and the state do not agree.", exitError);
  });
}
