import { afterEach, beforeEach, describe, test } from "node:test";
import { connectorContract, machineClock } from "truce/testing";
import { startRolodex } from "./rolodex.ts";
import { rolodex } from "./rolodex-connector.ts";

const cell = (name: string) => ({ cell: name, field: name, type: { kind: "text" }, direction: "both" }) as const;
const object = { object: "cards", create: true, cells: [cell("name"), cell("email"), cell("note")] };

connectorContract(
  "Rolodex",
  async () => {
    const { url, person, close } = await startRolodex("secret");
    const options = { url, token: "secret" };
    return {
      connector: await rolodex.connect({
        system: "cards",
        options,
        clock: machineClock,
        objects: [object],
        webhookUrl: null,
      }),
      object,
      text: "name",
      other: "note",
      unique: null,
      missingId: "card0",
      refused: { cell: "email", value: "nobody" },
      values: [{ cell: "name", value: "Ada" }],
      unfit: [cell("nothing"), { ...cell("note"), type: { kind: "boolean" } }],
      user: {
        insert: async (cells) => person.add(cells as Record<string, string>),
        update: async (id, cells) => void person.change(id, cells as Record<string, string>),
        delete: async (id) => void person.remove(id),
        read: async (id) => person.read(id),
        count: async () => person.count(),
      },
      close,
    };
  },
  { describe, test, beforeEach, afterEach },
);
