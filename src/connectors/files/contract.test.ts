import { connectorContract } from "../../ports/connector.contract.ts";
import { cell, object, openFolder, programAt } from "./testing.ts";

for (const format of ["csv", "jsonl"] as const) {
  connectorContract(`files, ${format}`, async () => {
    const place = await openFolder({ format });
    return {
      connector: place.connector,
      object,
      text: "name",
      other: "note",
      unique: null,
      missingId: "P999999",
      refused: format === "csv" ? { cell: "note", value: { a: 1 } } : { cell: "number", value: "another" },
      values: [
        { cell: "name", value: "Ada" },
        { cell: "score", value: "42.5" },
        { cell: "active", value: true },
        { cell: "active", value: false },
        { cell: "born", value: "1815-12-10" },
        { cell: "tags", value: ["a", "c"] },
      ],
      unfit: [cell("nothing")],
      user: programAt(place, format),
      close: async () => place.close(),
    };
  });
}
