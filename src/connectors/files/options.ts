import type { ObjectName, SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to a folder in which another program leaves files and takes files. */
export type FilesOptions = {
  readonly system: SystemId;
  readonly clock: Clock;
  /** Absolute. Inside it: `in`, `out`, `done`, `failed`, and `.truce` with what is known of the records. */
  readonly folder: string;
  readonly objects: Readonly<Record<ObjectName, FilesObject>>;
  /** How long a file must have been left alone before it is read. Default 5 s. */
  readonly settleMs?: number | undefined;
  /** How often the folder is looked at. Default 10 s. */
  readonly pollMs?: number | undefined;
};

export type FilesObject = {
  /** The column that names a record. */
  readonly key: string;
  /** Names of files with changed records, with * and ?. Default: the object's name, then anything. */
  readonly files?: string | undefined;
  /** Names of files that state all records: what such a file leaves out is deleted. Default: none does. */
  readonly full?: string | undefined;
  /** Columns, if they shall not be learned from files. */
  readonly columns?: readonly string[] | undefined;
  /** Of the files that Truce writes. Default csv. */
  readonly format?: "csv" | "jsonl" | undefined;
  /** In CSV files that Truce writes. Default ",". */
  readonly delimiter?: string | undefined;
};
