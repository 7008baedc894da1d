import type { Answer } from "./client.ts";
import { at, type Json, textOf } from "./json.ts";
import type { ObjectSettings } from "./options.ts";
import type { Shape } from "./probe-ask.ts";

/** How tools of a standard take writes, which can't be tried without writing: known by how they answer. */
export type Standard = {
  readonly name: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly settings: Pick<ObjectSettings, "absent" | "create" | "update">;
};

const scimUser = "urn:ietf:params:scim:";

/** The standard or product by whose rules a collection is answered; `null`: none that is known. */
export function standardOf({ body, headers }: Answer, records: readonly Json[], { items, id }: Shape): Standard | null {
  const all = (is: (record: Json) => boolean) => records.length > 0 && records.every(is);
  const type = textOf(at(records[0], "type"));
  const isJsonApi = at(body, "jsonapi") !== undefined || headers["content-type"]?.includes("vnd.api+json") === true;
  if (isJsonApi && all((one) => textOf(at(one, "type")) === type && at(one, "attributes") !== undefined)) {
    const named = { "data.type": type };
    return {
      name: "JSON:API",
      headers: { "Content-Type": "application/vnd.api+json" },
      settings: {
        create: { body: "data.attributes", also: named },
        update: { body: "data.attributes", also: { ...named, "data.id": "{id}" } },
      },
    };
  }
  const schema = textOf(at(records[0], "schemas.0"));
  if (schema.startsWith(scimUser) && all((one) => textOf(at(one, "schemas.0")).startsWith(scimUser))) {
    // PATCH has a language of its own there; PUT takes the record as it is listed.
    return {
      name: "SCIM",
      settings: {
        absent: "blank",
        create: { also: { "schemas.0": schema } },
        update: { method: "PUT", clear: "omit" },
      },
    };
  }
  if (items === "results" && id === "objectId")
    return { name: "Parse", settings: { absent: "blank", update: { method: "PUT", sends: "changes" } } };
  if (items === "data" && id === "documentId")
    return {
      name: "Strapi",
      settings: { create: { body: "data" }, update: { method: "PUT", sends: "changes", body: "data" } },
    };
  return null;
}
