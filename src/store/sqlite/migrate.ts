import type { Database } from "./database.ts";
import { migrations } from "./migrations.ts";

/** Brings the tables up to date, step by step. Throws when a newer Truce has been here. */
export function migrate(db: Database): void {
  db.transaction(() => {
    db.exec(
      "create table if not exists migration (version integer primary key, name text not null, at integer not null)",
    );
    const present = db.get<{ version: number | null }>("select max(version) as version from migration")?.version ?? 0;
    if (present > migrations.length) {
      throw new Error(
        `${db.file} was made by a newer Truce (store version ${present}, this one knows ${migrations.length}). Install that version or a newer one.`,
      );
    }
    for (const [index, { name, sql }] of migrations.entries()) {
      const version = index + 1;
      if (version <= present) continue;
      db.exec(sql);
      db.run("insert into migration values (?, ?, ?)", version, name, Date.now());
    }
  });
}
