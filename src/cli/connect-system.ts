import type { LoadedConfig } from "../config/load-config.ts";
import { resolveReference } from "../config/reference.ts";
import { mappedObjects } from "../engine/deps.ts";
import type { SystemId } from "../model/record.ts";
import type { Clock } from "../ports/clock.ts";
import type { Connector } from "../ports/connector.ts";
import { createConnector } from "./create-connector.ts";

/** The connector of one system of the config, with its secrets put in. */
export async function connectSystem(config: LoadedConfig, system: SystemId, clock: Clock): Promise<Connector> {
  const options = config.systems[system];
  if (options === undefined) throw new Error(`The config has no system ${system}.`);
  const publicUrl = publicUrlOf(config);
  const connector = await createConnector(options, {
    system,
    clock,
    objects: mappedObjects(config.policy, system),
    source: config.source,
    folder: config.folder,
    webhookUrl: publicUrl === null ? null : `${publicUrl}/webhooks/${system}`,
  });
  const { recordUrl } = options;
  return recordUrl === undefined
    ? connector
    : { ...connector, recordUrl: (object, id) => filledIn(recordUrl, object, id) };
}

function filledIn(template: string, object: string, id: string): string {
  return template.replaceAll("{object}", encodeURIComponent(object)).replaceAll("{id}", encodeURIComponent(id));
}

/** Under which address vendors reach this Truce, without a slash at the end; `null`: not at all. */
export function publicUrlOf({ settings, source }: LoadedConfig): string | null {
  return settings.publicUrl === null ? null : resolveReference(settings.publicUrl, source).replace(/\/$/u, "");
}
