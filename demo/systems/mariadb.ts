import mysql, { type Connection, type Pool, type ResultSetHeader, type RowDataPacket } from "mysql2/promise";
import type { SystemWrite } from "../check.ts";
import type { EntityName, Values } from "../story.ts";
import { rowWrite, tablesShape } from "./postgres.ts";
import {
  allFields,
  cellOf,
  entitiesOf,
  entityOf,
  type OpenSystem,
  type SystemShape,
  shapeOf,
  toCells,
} from "./system.ts";

const shape: SystemShape = tablesShape;

/** Tables of the web shop. */
const tables = [
  `create table companies (
    id bigint auto_increment primary key,
    website varchar(200), name varchar(200), phone varchar(40), city varchar(100), industry varchar(100)
  )`,
  `create table people (
    id bigint auto_increment primary key,
    email varchar(200), first_name varchar(100), last_name varchar(100), phone varchar(40), job_title varchar(100),
    city varchar(100), stage enum('lead', 'opportunity', 'customer'), notes text,
    company_id bigint, foreign key (company_id) references companies (id)
  )`,
  `create table deals (
    id bigint auto_increment primary key,
    title varchar(200) not null, amount decimal(12, 2), stage enum('open', 'lost', 'won'), notes text,
    company_id bigint, contact_id bigint,
    foreign key (company_id) references companies (id), foreign key (contact_id) references people (id)
  )`,
  `create table audit (
    seq bigint auto_increment primary key, at datetime(3) not null, tab varchar(40) not null, id bigint not null,
    op varchar(10) not null, who varchar(10), before_row json, after_row json
  )`,
];

type Row = Readonly<Record<string, unknown>>;

/** The web shop's database: a real MariaDB, with an audit of its own that knows who wrote what. `url`: of an empty database. */
export async function openMariaDb(name: string, url: string): Promise<OpenSystem> {
  const people = await mysql.createConnection({ ...settings, uri: url });
  for (const statement of tables) await people.query(statement);
  // Whoever says so is a person; every other session is the sync's.
  await people.query("set @who = 'person'");
  let plainPool: Pool | null = null;

  const rowsOf = async (session: Session, entity: EntityName) => {
    const object = shapeOf(shape, entity);
    const [rows] = await session.query<RowDataPacket[]>(`select * from ${object.object} order by id`);
    return rows.map((row) => ({ system: name, entity, id: String(row["id"]), values: allFields(object, row) }));
  };

  return {
    name,
    label: "MariaDB",
    shape,
    seed: (entity, rows) =>
      insertRows(
        people,
        entity,
        rows.map(({ values }) => values),
      ),
    async watch() {
      for (const entity of entitiesOf(shape)) for (const trigger of triggersOf(entity)) await people.query(trigger);
    },
    edit: (_user, entity, id, values) => updateRow(people, entity, id, values),
    async records() {
      const all = [];
      for (const entity of entitiesOf(shape)) all.push(...(await rowsOf(people, entity)));
      return all;
    },
    async writes() {
      const [rows] = await people.query<RowDataPacket[]>("select * from audit order by seq");
      return rows.flatMap((row): SystemWrite[] => {
        const entity = entityOf(shape, row["tab"]);
        if (entity === undefined) return [];
        const [before, after] = [rowIn(row["before_row"]), rowIn(row["after_row"])];
        return [
          {
            ...rowWrite(shape, entity, row["op"], before, after),
            system: name,
            id: String(row["id"]),
            atMs: Date.parse(`${row["at"]}Z`),
            by: row["who"] === "person" ? "person" : "sync",
          },
        ];
      });
    },
    listen: () => undefined,
    connection: { kind: "mysql", options: { url } },
    setFaults: () => undefined,
    async cutLines() {
      const [rows] = await people.query<RowDataPacket[]>(
        "select id from information_schema.processlist where user = 'truce' and id <> connection_id()",
      );
      // One may have ended by itself.
      for (const { id } of rows) await people.query(`kill ${id}`).catch(() => undefined);
    },
    settled: async () => undefined,
    showAll: () => undefined,
    plain(ageOf) {
      const pool = mysql.createPool({ ...settings, uri: url, connectionLimit: 2 });
      plainPool = pool;
      return {
        async list(entity) {
          return (await rowsOf(pool, entity)).map((one) => ({ ...one, changedAt: ageOf(entity, one.id) }));
        },
        create: (entity, records) => insertRows(pool, entity, records),
        async update(entity, changes) {
          for (const { id, values } of changes) await updateRow(pool, entity, id, values);
        },
      };
    },
    async close() {
      await Promise.all([people.end(), plainPool?.end()]);
    },
  };
}

const settings = { dateStrings: true, supportBigNumbers: true, bigNumberStrings: true } as const;

type Session = Pick<Connection, "query">;

/** One by one, for their ids. */
async function insertRows(session: Session, entity: EntityName, records: readonly Values[]): Promise<string[]> {
  const object = shapeOf(shape, entity);
  const ids: string[] = [];
  for (const values of records) {
    const cells = toCells(object, values);
    const [{ insertId }] = await session.query<ResultSetHeader>(`insert into ${object.object} set ?`, [cells]);
    ids.push(String(insertId));
  }
  return ids;
}

async function updateRow(session: Session, entity: EntityName, id: string, values: Values): Promise<void> {
  const object = shapeOf(shape, entity);
  await session.query(`update ${object.object} set ? where id = ?`, [toCells(object, values), id]);
}

function triggersOf(entity: EntityName): string[] {
  const { object, fields } = shapeOf(shape, entity);
  const row = (which: "old" | "new") =>
    `json_object(${Object.values(fields)
      .map((field) => `'${cellOf(field)}', ${which}.${cellOf(field)}`)
      .join(", ")})`;
  const note = (operation: string, before: string, after: string, id: string) =>
    `create trigger note_${operation}_${object} after ${operation} on ${object} for each row
     insert into audit (at, tab, id, op, who, before_row, after_row)
     values (utc_timestamp(3), '${object}', ${id}, '${operation.toUpperCase()}', @who, ${before}, ${after})`;
  return [
    note("insert", "null", row("new"), "new.id"),
    note("update", row("old"), row("new"), "new.id"),
    note("delete", row("old"), "null", "old.id"),
  ];
}

/** JSON comes as text or read already, by the server's version. */
function rowIn(json: unknown): Row | null {
  return typeof json === "string" ? (JSON.parse(json) as Row) : (json as Row | null);
}
