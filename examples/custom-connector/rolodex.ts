import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A card as the tool answers it. `version` counts all changes of all cards, so it orders them too. */
export type Card = {
  readonly id: string;
  readonly version: number;
  readonly key: string | null;
  readonly removed: boolean;
  readonly fields: Readonly<Record<string, string | null>>;
};

type Params = { readonly id: string; readonly ids: string[]; readonly key: string | null; readonly after: string };
type Call = Partial<Params> & { readonly since?: number; readonly version?: number; readonly fields?: Card["fields"] };

class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The tool: cards in memory, spoken to by `POST /` with `{ method, params }`. */
export async function startRolodex(token: string) {
  const cards = new Map<string, Card>();
  let version = 0;
  const put = (card: Omit<Card, "version">): Card => {
    const stored = { ...card, version: ++version };
    cards.set(card.id, stored);
    return stored;
  };
  const present = (id = "", expected?: number): Card => {
    const card = cards.get(id);
    if (card === undefined || card.removed) throw new Refused("missing", "There is no such card.");
    if (expected !== undefined && card.version !== expected) throw new Refused("conflict", "The card has changed.");
    return card;
  };
  const judged = (fields: Card["fields"] = {}) => {
    if (!/^[^@]+@[^@]+$/u.test(fields["email"] ?? "a@b"))
      throw new Refused("invalid email", "That is no e-mail address.");
    return fields;
  };
  const methods: Readonly<Record<string, (call: Call) => unknown>> = {
    list: ({ after = "" }) =>
      [...cards.values()]
        .filter(({ id, removed }) => id > after && !removed)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, 10),
    get: ({ ids = [] }) => ids.flatMap((id) => (cards.get(id)?.removed === false ? [cards.get(id)] : [])),
    changes: ({ since = version }) => ({
      last: version,
      cards: [...cards.values()].filter((card) => card.version > since).sort((a, b) => a.version - b.version),
    }),
    add: ({ key = null, fields }) => {
      const twin = [...cards.values()].find((card) => key !== null && card.key === key && !card.removed);
      if (twin !== undefined) return { card: twin, created: false };
      return { card: put({ id: `card${cards.size + 1}`, key, removed: false, fields: judged(fields) }), created: true };
    },
    change: ({ id, version: expected, fields }) => {
      const card = present(id, expected);
      return put({ ...card, fields: { ...card.fields, ...judged(fields) } });
    },
    remove: ({ id, version: expected }) => put({ ...present(id, expected), removed: true }),
  };
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) => void response.writeHead(status).end(JSON.stringify(body));
    if (request.headers.authorization !== `Bearer ${token}`)
      return answer(401, { error: { code: "token", message: "Who is it?" } });
    const { method, params } = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
      method: string;
      params: Call;
    };
    try {
      answer(200, { result: methods[method]?.(params) });
    } catch (error) {
      answer(200, { error: { code: (error as Refused).code, message: (error as Refused).message } });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  /** What a person does in the tool itself. */
  const person = {
    add: (fields: Card["fields"]) => (methods["add"]!({ fields }) as { readonly card: Card }).card.id,
    change: (id: string, fields: Card["fields"]) => methods["change"]?.({ id, fields }),
    remove: (id: string) => methods["remove"]?.({ id }),
    read: (id: string) => (cards.get(id)?.removed === false ? cards.get(id)?.fields : undefined) ?? null,
    count: () => [...cards.values()].filter(({ removed }) => !removed).length,
  };
  return { url, person, close };
}
