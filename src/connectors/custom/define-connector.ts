import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { Connector, ReadResult } from "../../ports/connector.ts";
import type { ConnectorContext, CustomConnector, CustomSystem } from "../../ports/custom-connector.ts";
import { mappingProblems } from "./mapping-problems.ts";
import { type Find, guardedWrite, type RecordWrites } from "./record-writes.ts";

/**
 * A connector's own part. `create`, `update` and `remove` write single records, guarded; a system that takes many at once has a `write` of its own
 * instead. Whatever else of a `Connector` is given goes before its default.
 */
export type ConnectorParts = Pick<Connector, "describe" | "scan"> & { readonly find: Find } & Partial<
    RecordWrites & Omit<Connector, "system" | "label" | "describe" | "scan">
  >;

export type ConnectorDefinition<Options> = {
  /** What the system is called, for people. */
  readonly label: string;
  connect(context: ConnectorContext<Options>): ConnectorParts | Promise<ConnectorParts>;
};

/** Call it with options for a system in the config; `connect` makes the connector itself, for tests. */
export type DefinedConnector<Options> = CustomConnector<Options> & ((options: Options) => CustomSystem);

/**
 * A connector of one's own. By default it promises nothing, has no feed (sweeps find changes), takes 50 writes a call, encodes values as JSON,
 * and checks the mapping against `describe`. See docs/connectors/custom.md.
 */
export function defineConnector<Options>({ label, connect }: ConnectorDefinition<Options>): DefinedConnector<Options> {
  const custom: CustomConnector<Options> = {
    label,
    async connect(context) {
      const { find, create, update, remove, ...parts } = await connect(context);
      const writes = { ...(create && { create }), ...(update && { update }), ...(remove && { remove }) };
      return {
        system: context.system,
        label,
        guarantees: { conditionalWrite: false, uniqueCreate: false, history: false, deleteEvents: false },
        writeBatchMax: 50,
        feed: null,
        encode: (_object, { type }, value) => denormalizeValue(type, value, "json"),
        check: async (objects) => mappingProblems(await parts.describe(), objects),
        read: (object, ids) => readInOrder(find, object, ids),
        write: guardedWrite(find, writes, context.clock),
        close: () => Promise.resolve(),
        ...parts,
      };
    },
  };
  // The config knows nothing of the options' type; whoever calls this has been checked.
  const use = custom as CustomConnector;
  return Object.assign((options: Options): CustomSystem => ({ connector: "custom", use, options }), custom);
}

async function readInOrder(find: Find, ...[object, ids]: Parameters<Find>): Promise<readonly ReadResult[]> {
  if (ids.length === 0) return [];
  const found = new Map((await find(object, ids)).map((one) => [one.ref.id, one]));
  return ids.map((id) => {
    const observation = found.get(id);
    return observation === undefined ? { id, kind: "missing" } : { id, kind: "found", observation };
  });
}
