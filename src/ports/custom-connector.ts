import type { SystemId } from "../model/record.ts";
import type { Clock } from "./clock.ts";
import type { Connector, MappedObject } from "./connector.ts";

/** What a connector of one's own is made with. `options`: as the config gives them, references put in. */
export type ConnectorContext<Options> = {
  readonly system: SystemId;
  readonly options: Options;
  readonly clock: Clock;
  /** The objects that the config maps. */
  readonly objects: readonly MappedObject[];
  /** Public address of the webhook route of this system, if there is one. */
  readonly webhookUrl: string | null;
};

/** A connector that the config brings along; made by `defineConnector`. */
export type CustomConnector<Options = unknown> = {
  readonly label: string;
  connect(context: ConnectorContext<Options>): Promise<Connector>;
};

/** A system of such a connector, as the config writes it. */
export type CustomSystem = { readonly connector: "custom"; readonly use: CustomConnector; readonly options: unknown };
