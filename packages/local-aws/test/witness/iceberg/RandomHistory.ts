import { columnKinds, type KindName, kindOf } from './columnKinds.ts';
import type { Row } from './Witness.ts';

/** A row of the table, by its columns' names. */
type Record = { readonly [column: string]: string | null };

/** A column as it is now. */
export interface Column {
  readonly name: string;
  readonly kind: KindName;
  /** In Athena's DDL: the kind's, or what it was widened to. */
  readonly type: string;
}

/** A statement of the history, to be run by Athena or Trino in SQL, or by pyiceberg. */
export type Step =
  | { readonly by: 'athena'; readonly sql: string }
  | { readonly by: 'trino'; readonly sql: string }
  | { readonly by: 'append'; readonly rows: readonly Row[] }
  | {
      readonly by: 'overwrite';
      readonly column: string;
      readonly value: number;
      readonly rows: readonly Row[];
    }
  | { readonly by: 'delete'; readonly column: string; readonly value: number }
  /** Changes the partitions: removes a field by its place, and adds one. */
  | {
      readonly by: 'evolve';
      readonly remove: number | null;
      readonly add: { readonly column: string; readonly transform: string; readonly name: string } | null;
    };

/** Columns that statements name: they stay. `n` may be widened. */
const FIXED: readonly Column[] = [
  { name: 'id', kind: 'bigint', type: 'bigint' },
  { name: 'day', kind: 'date', type: 'date' },
  { name: 'name', kind: 'string', type: 'string' },
  { name: 'n', kind: 'int', type: 'int' },
  { name: 'moment', kind: 'timestamp', type: 'timestamp' },
];
const KINDS = Object.keys(columnKinds) as KindName[];
/** The partitions that a table may begin with. Each has few enough that a statement may write all. */
const PARTITIONS: readonly (readonly [ddl: string, columns: readonly string[]])[] = [
  ['day, bucket(4, id)', ['day', 'id']],
  ['month(day), truncate(25, id)', ['day', 'id']],
  ['hour(moment), bucket(3, name)', ['moment', 'name']],
  ['year(moment), truncate(1, name)', ['moment', 'name']],
  ['day(moment)', ['moment']],
  ['', []],
];

/** The expected contents of a table, and a source of statements that change both. All values but IDs may be null. */
export class RandomHistory {
  readonly #random: () => number;
  readonly #table: string;
  readonly #hasTrino: boolean;
  readonly #partitions: string;
  /** The columns that the partitions come from. */
  #sources: readonly string[];
  /** Those of former partitions, too: they cannot be dropped. */
  #everSources: ReadonlySet<string>;
  #columns: readonly Column[];
  #added = 0;
  #rows: Record[] = [];

  /** @param hasTrino Whether Trino writes, too. */
  constructor(table: string, seed: number, hasTrino = false) {
    this.#table = table;
    this.#random = mulberry32(seed);
    this.#hasTrino = hasTrino;
    const [ddl, sources] = this.#one(PARTITIONS);
    this.#partitions = ddl === '' ? '' : `PARTITIONED BY (${ddl})`;
    this.#sources = sources;
    this.#everSources = new Set(sources);
    // One column of each kind.
    this.#columns = [...FIXED, ...KINDS.map((kind) => this.#newColumn(kind))];
  }

  get columns(): readonly Column[] {
    return this.#columns;
  }

  /** The rows that the table is to have, sorted by their JSON. */
  get rows(): readonly Row[] {
    return sorted(this.#rows.map((row) => this.#texts(row)));
  }

  /** The columns of a new table, and its partitions. */
  get definition(): readonly [columns: string, partitions: string] {
    return [this.#columns.map(({ name, type }) => `${name} ${type}`).join(', '), this.#partitions];
  }

  /** A next statement, done to the model. */
  next(): Step {
    if (this.#rows.length > 250) return this.#delete(`id % 3 = 1`, ({ id }) => Number(id) % 3 === 1);
    const dice = this.#pick(100);
    if (dice < 18) return this.#insert();
    if (dice < 22) return this.#copy();
    if (dice < 30) return { by: 'append', rows: this.#pyicebergRows() };
    if (dice < 33) return this.#overwrite();
    if (dice < 48) return this.#update();
    if (dice < 61) return this.#delete(...this.#predicate());
    if (dice < 64) return this.#deleteByPyiceberg();
    if (dice < 81) return this.#merge();
    if (dice < 88) return this.#alter();
    if (dice < 90) return this.#evolve();
    const sql = dice < 96 ? `OPTIMIZE ${this.#table} REWRITE DATA USING BIN_PACK` : `VACUUM ${this.#table}`;
    return { by: 'athena', sql };
  }

  /** Rows are changed by Trino, too. */
  #sql(sql: string): Step {
    return { by: this.#hasTrino && this.#pick(3) === 0 ? 'trino' : 'athena', sql };
  }

  #insert(): Step {
    const made = this.#make();
    this.#rows.push(...made);
    return this.#sql(
      `INSERT INTO ${this.#table} VALUES ${made.map((row) => this.#literals(row)).join(', ')}`,
    );
  }

  /** Inserts rows of the table itself again. */
  #copy(): Step {
    const limit = this.#pick(20);
    const copied = this.#rows.filter(({ id }) => Number(id) < limit);
    if (copied.length > 20) return this.#insert();
    this.#rows.push(...copied);
    const names = this.#columns.map(({ name }) => name).join(', ');
    return this.#sql(
      `INSERT INTO ${this.#table} (${names}) SELECT ${names} FROM ${this.#table} WHERE id < ${limit}`,
    );
  }

  #pyicebergRows(): readonly Row[] {
    const made = this.#make();
    this.#rows.push(...made);
    return made.map((row) => this.#texts(row));
  }

  #overwrite(): Step {
    const value = this.#pick(100);
    this.#rows = this.#rows.filter(({ id }) => id !== String(value));
    return { by: 'overwrite', column: 'id', value, rows: this.#pyicebergRows() };
  }

  #update(): Step {
    const [sql, holds] = this.#predicate();
    const by = 1 + this.#pick(9);
    const other = this.#one(this.#columns.filter(({ name }) => name.startsWith('c')));
    const value = this.#maybe(this.#one(kindOf(other.kind).values));
    this.#rows = this.#rows.map((row) =>
      holds(row)
        ? {
            ...row,
            n: row['n'] == null ? null : String(Number(row['n']) + by),
            name: 'updated',
            [other.name]: value,
          }
        : row,
    );
    const assigned = `n = n + ${by}, name = 'updated', ${other.name} = ${literal(other, value)}`;
    return this.#sql(`UPDATE ${this.#table} SET ${assigned} WHERE ${sql}`);
  }

  #delete(sql: string, holds: (row: Record) => boolean): Step {
    this.#rows = this.#rows.filter((row) => !holds(row));
    return this.#sql(`DELETE FROM ${this.#table} WHERE ${sql}`);
  }

  #deleteByPyiceberg(): Step {
    const value = this.#pick(100);
    this.#rows = this.#rows.filter(({ id }) => id !== String(value));
    return { by: 'delete', column: 'id', value };
  }

  /** Source rows have IDs of their own: several of one target row would be an error. */
  #merge(): Step {
    const source = new Map(this.#make().map((row) => [row['id'], row]));
    const from = [...source.values()].map((row) => `(${row['id']}, ${row['n'] ?? 'NULL'})`);
    const limit = this.#pick(100);
    const kept = this.#rows.flatMap((row) => {
      const found = source.get(row['id'] ?? '');
      if (!found) return [row];
      const isSmall = row['n'] != null && Number(row['n']) < limit;
      return isSmall ? [] : [{ ...row, n: found['n'] ?? null }];
    });
    const known = new Set(this.#rows.map(({ id }) => id));
    for (const { id, n } of source.values()) {
      if (!known.has(id ?? null)) kept.push({ id: id ?? null, n: n ?? null, name: 'merged' });
    }
    this.#rows = kept;
    return this.#sql(
      `MERGE INTO ${this.#table} t USING (VALUES ${from.join(', ')}) s (id, n) ON t.id = s.id
        WHEN MATCHED AND t.n < ${limit} THEN DELETE WHEN MATCHED THEN UPDATE SET n = s.n
        WHEN NOT MATCHED THEN INSERT (id, n, name) VALUES (s.id, s.n, 'merged')`,
    );
  }

  #alter(): Step {
    const own = this.#columns.filter(({ name }) => name.startsWith('c'));
    const column = this.#one(own);
    const { wide } = kindOf(column.kind);
    const alter = (sql: string): Step => ({ by: 'athena', sql: `ALTER TABLE ${this.#table} ${sql}` });
    const dice = this.#pick(4);
    if (dice === 0 && wide !== undefined && column.type !== wide) {
      this.#replace(column, { ...column, type: wide });
      return alter(`CHANGE COLUMN ${column.name} ${column.name} ${wide}`);
    }
    if (dice === 1 && own.length > 8 && !this.#everSources.has(column.name)) {
      this.#columns = this.#columns.filter((each) => each !== column);
      this.#rows = this.#rows.map(({ [column.name]: _gone, ...row }) => row);
      return alter(`DROP COLUMN ${column.name}`);
    }
    if (dice === 2 || own.length > 18) {
      const renamed = { ...column, name: this.#newName() };
      this.#replace(column, renamed);
      const rename = (name: string) => (name === column.name ? renamed.name : name);
      this.#sources = this.#sources.map(rename);
      this.#everSources = new Set([...this.#everSources].map(rename));
      this.#rows = this.#rows.map(({ [column.name]: value = null, ...row }) => ({
        ...row,
        [renamed.name]: value,
      }));
      return alter(`CHANGE COLUMN ${column.name} ${renamed.name} ${column.type}`);
    }
    const added = this.#newColumn(this.#one(KINDS));
    this.#columns = [...this.#columns, added];
    return alter(`ADD COLUMNS (${added.name} ${added.type})`);
  }

  /** Two fields at most, so that a statement may write all partitions. */
  #evolve(): Step {
    const remove = this.#sources.length > 0 && this.#pick(3) > 0 ? this.#pick(this.#sources.length) : null;
    const left = this.#sources.filter((_, index) => index !== remove);
    const able = this.#columns.filter(
      ({ name, kind }) =>
        !left.includes(name) && name !== 'n' && name !== 'id' && kindOf(kind).transforms.length > 0,
    );
    const column = left.length < 2 && able.length > 0 ? this.#one(able) : undefined;
    if (column === undefined && remove === null) return this.#insert();
    this.#sources = column === undefined ? left : [...left, column.name];
    this.#everSources = this.#everSources.union(new Set(this.#sources));
    this.#added += 1;
    const add = column && {
      column: column.name,
      transform: this.#one(kindOf(column.kind).transforms),
      name: `p${this.#added}`,
    };
    return { by: 'evolve', remove, add: add ?? null };
  }

  #replace(column: Column, by: Column): void {
    this.#columns = this.#columns.map((each) => (each === column ? by : each));
  }

  #newColumn(kind: KindName): Column {
    return { name: this.#newName(), kind, type: kindOf(kind).type };
  }

  #newName(): string {
    this.#added += 1;
    return `c${this.#added}`;
  }

  /** A condition in SQL and the same here. Null makes it false. */
  #predicate(): [sql: string, holds: (row: Record) => boolean] {
    const number = this.#pick(100);
    switch (this.#pick(7)) {
      case 0:
        return [`id % 10 = ${number % 10}`, ({ id }) => Number(id) % 10 === number % 10];
      case 1:
        return [
          `id BETWEEN ${number} AND ${number + 8}`,
          ({ id }) => Number(id) >= number && Number(id) <= number + 8,
        ];
      case 2: {
        const day = this.#day();
        return day === null
          ? ['day IS NULL', (row) => (row['day'] ?? null) === null]
          : [`day = DATE '${day}'`, (row) => row['day'] === day];
      }
      case 3:
        return [`n > ${number + 60}`, ({ n }) => n != null && Number(n) > number + 60];
      case 4: {
        const at = this.#time() ?? '2026-11-02 00:00:00.000000';
        return [
          `moment >= TIMESTAMP '${at}' AND id % 4 = 0`,
          (row) => row['moment'] != null && row['moment'] >= at && Number(row['id']) % 4 === 0,
        ];
      }
      case 5:
        return this.#comparison();
      default:
        return [`name = 'n${number % 7}'`, ({ name }) => name === `n${number % 7}`];
    }
  }

  /** Compares a column of a random kind. NaN is left out: DuckDB has it above all numbers. */
  #comparison(): [sql: string, holds: (row: Record) => boolean] {
    const column = this.#one(
      this.#columns.filter(({ name, kind }) => name.startsWith('c') && !isNested(kind)),
    );
    const { name, kind } = column;
    const value = this.#one(kindOf(kind).values);
    const isEven = (row: Record) => Number(row['id']) % 2 === 0;
    if (['double', 'float', 'decimal'].includes(kind)) {
      const isNumber = kind === 'decimal' ? '' : `NOT is_nan(${name}) AND `;
      return [
        `id % 2 = 0 AND ${isNumber}${name} > ${literal(column, value)}`,
        (row) => isEven(row) && row[name] != null && Number(row[name]) > Number(value),
      ];
    }
    return [
      `id % 2 = 0 AND ${name} = ${literal(column, value)}`,
      (row) => isEven(row) && row[name] === value,
    ];
  }

  #make(): Record[] {
    return Array.from({ length: 1 + this.#pick(6) }, () =>
      Object.fromEntries(
        this.#columns.map((column) => {
          if (column.name === 'id') return [column.name, String(this.#pick(100))];
          if (column.name === 'day') return [column.name, this.#day()];
          if (column.name === 'moment') return [column.name, this.#time()];
          if (column.name === 'name') return [column.name, this.#maybe(`n${this.#pick(7)}`)];
          if (column.name === 'n') return [column.name, this.#maybe(String(this.#pick(150)))];
          return [column.name, this.#maybe(this.#one(kindOf(column.kind).values))];
        }),
      ),
    );
  }

  #texts(row: Record): Row {
    return this.#columns.map(({ name }) => row[name] ?? null);
  }

  #literals(row: Record): string {
    return `(${this.#columns.map((column) => literal(column, row[column.name] ?? null)).join(', ')})`;
  }

  #day(): string | null {
    return this.#maybe(`2026-11-0${1 + this.#pick(6)}`);
  }

  #time(): string | null {
    return this.#maybe(`2026-11-0${1 + this.#pick(4)} 0${1 + this.#pick(2)}:30:00.25${this.#pick(2)}000`);
  }

  #maybe(value: string): string | null {
    return this.#pick(8) === 0 ? null : value;
  }

  #one<Item>(items: readonly Item[]): Item {
    const item = items[this.#pick(items.length)];
    if (item === undefined) throw new Error('There is nothing to choose from.');
    return item;
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }
}

/** The columns in a SELECT, shown so that Athena and Trino show them alike. */
export function shown(columns: readonly Column[]): string {
  return columns.map(({ name, kind }) => kindOf(kind).show?.(name) ?? name).join(', ');
}

/** A reader's rows with texts of one form. */
export function normal(columns: readonly Column[], rows: readonly Row[]): Row[] {
  return rows.map((row) =>
    row.map((value, index) => {
      const column = columns[index];
      return value === null || column === undefined ? value : (kindOf(column.kind).normal?.(value) ?? value);
    }),
  );
}

/** Rows in the order in which both sides compare them. */
export function sorted(rows: readonly Row[]): Row[] {
  const key = (row: Row) => JSON.stringify(row);
  return rows.toSorted((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0));
}

function isNested(kind: KindName): boolean {
  return ['list', 'struct', 'map', 'deep'].includes(kind);
}

function literal({ kind }: Column, value: string | null): string {
  return value === null ? 'NULL' : kindOf(kind).literal(value);
}

/** https://github.com/cprosche/mulberry32 */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
