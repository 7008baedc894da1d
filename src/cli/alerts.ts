import { alertLines } from "../control/alerts/alert-text.ts";
import { testNotice } from "../control/alerts/alerts.ts";
import { send } from "../control/alerts/route.ts";
import type { Alert } from "../model/alert.ts";
import { alertSettings } from "./alert-settings.ts";
import { CliError, exitUsage } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, print, printJson, safeText, spanText, timeText } from "./output.ts";
import { type CommonOptions, readConfig } from "./session.ts";
import { userName } from "./user-name.ts";

export type AlertsOptions = CommonOptions & { readonly past?: boolean; readonly limit: string };

/** `truce alerts`: what people should know of now, with what to do; `--past`: what they were told of. */
export function listAlerts(options: AlertsOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const limit = wholeNumber("--limit", options.limit);
    const alerts = options.past === true ? await desk.pastAlerts(limit) : (await desk.alerts()).slice(0, limit);
    if (options.json === true) return printJson(alerts);
    if (alerts.length > 0) return print(alerts.map(text).join("\n\n"));
    if (options.past === true) return print("There were none.");
    const isWatched = (await desk.status()).runningSince !== null;
    print(isWatched ? "There are no alerts." : "There were no alerts when truce last ran; it is not running.");
  });
}

const colors = { info: color.cyan, warning: color.yellow, critical: color.red };

function text(alert: Alert): string {
  const { key, severity, title, openedAt, resolvedAt, acknowledged } = alert;
  const ended = resolvedAt === null ? "" : color.dim(`  ${timeText(openedAt)}, for ${spanText(resolvedAt - openedAt)}`);
  const by = acknowledged === null ? "" : color.dim(`  acknowledged by ${safeText(acknowledged.by)}`);
  const lines = [`${colors[severity](severity)}  ${color.bold(safeText(title))}${ended}${by}`];
  if (resolvedAt === null) lines.push(...alertLines(alert).map((line) => `  ${safeText(line)}`));
  else lines.push(color.dim(`  ${key}`));
  return lines.join("\n");
}

/** `truce alerts ack KEY`: somebody has taken it on. */
export function acknowledgeCommand(key: string, options: CommonOptions & { readonly by?: string }): Promise<void> {
  return atDesk(options, async (desk) => {
    if (!(await desk.acknowledgeAlert(key, options.by ?? userName())))
      throw new CliError(`There is no open alert "${safeText(key)}". truce alerts lists them.`);
    if (options.json === true) printJson({ acknowledged: key });
    else print("Acknowledged: it is not repeated or escalated, and resolves by itself.");
  });
}

/** `truce alerts test ROUTE`: sends a notice by one route, to see whether it arrives. */
export async function testRouteCommand(name: string, options: CommonOptions): Promise<void> {
  const { routes } = alertSettings(await readConfig(options));
  const route = routes[name];
  if (route === undefined) {
    const names = Object.keys(routes);
    const there =
      names.length === 0 ? "The config has none in settings.alerts.routes." : `There are ${names.join(", ")}.`;
    throw new CliError(`There is no route ${safeText(name)}. ${there}`, exitUsage);
  }
  const now = Date.now();
  try {
    await send(route, testNotice(now), now);
  } catch (error) {
    throw new CliError(`It was not taken: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (options.json === true) printJson({ sent: name });
  else print(`Sent by ${name} (${route.to}). See whether it has arrived.`);
}
