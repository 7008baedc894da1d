import type { Trained } from "../engine/train.ts";
import { CliError } from "./exit.ts";
import { atDesk } from "./open-desk.ts";
import { counted, print, printJson, table } from "./output.ts";
import type { CommonOptions } from "./session.ts";

export type TrainOptions = CommonOptions & { readonly entity?: string };

/** `truce match-train`: scored matching learns from what people decided on duplicates. */
export function trainCommand(options: TrainOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const trained = await desk.train(options.entity ?? null);
    if (options.json === true) return printJson(trained);
    if (trained.length === 0)
      throw new CliError("Nobody has decided a scored duplicate yet. truce holds --kind duplicate lists them.");
    trained.forEach(show);
  });
}

function show({ entity, version, lesson }: Trained): void {
  const { same, different, rightBefore, rightAfter, calibration, crossings } = lesson;
  const all = same + different;
  print(`${entity}: version ${version}, of ${counted(all, "decision")} (${same} the same, ${different} not).`);
  print(`The score alone was right in ${rightBefore} of ${all}; with what was learned in ${rightAfter}.`);
  const rows = [
    ["every score", calibration.shift],
    ...crossings.map(({ about, weight }) => [about, weight] as const),
  ].map(([about, weight]) => [String(about), Number(weight).toFixed(2)]);
  print(table([["of", "counts more by (log odds)"], ...rows, ["times", calibration.scale.toFixed(2)]]));
}
