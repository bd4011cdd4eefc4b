import type { Row } from './Witness.ts';

/** A row of the table, by its columns' names. */
type Record = { readonly [column: string]: string | null };

/** A statement of the history, to be run by Athena or by pyiceberg. */
export type Step =
  | { readonly by: 'athena'; readonly sql: string }
  | { readonly by: 'append'; readonly rows: readonly Row[] }
  | { readonly by: 'delete'; readonly column: string; readonly value: number };

/** What the table is to hold, and a source of statements that change both. Dates, numbers and names may be null. */
export class RandomHistory {
  readonly #random: () => number;
  readonly #table: string;
  #columns: string[] = ['id', 'day', 'name', 'n'];
  #added = 0;
  #rows: Record[] = [];

  constructor(table: string, seed: number) {
    this.#table = table;
    this.#random = mulberry32(seed);
  }

  get columns(): readonly string[] {
    return this.#columns;
  }

  /** The rows that the table is to have, sorted by their JSON. */
  get rows(): readonly Row[] {
    return sorted(this.#rows.map((row) => this.#columns.map((column) => row[column] ?? null)));
  }

  /** The columns of a new table. */
  get definition(): string {
    return 'id bigint, day date, name string, n int';
  }

  /** A next statement, done to the model. */
  next(): Step {
    if (this.#rows.length > 250) return this.#delete(`id % 3 = 1`, ({ id }) => Number(id) % 3 === 1);
    const dice = this.#pick(100);
    if (dice < 22) return this.#insert();
    if (dice < 32) return this.#append();
    if (dice < 48) return this.#update();
    if (dice < 62) return this.#deleteSome();
    if (dice < 65) return this.#deleteByPyiceberg();
    if (dice < 84) return this.#merge();
    if (dice < 92) return this.#alter();
    const sql = dice < 97 ? `OPTIMIZE ${this.#table} REWRITE DATA USING BIN_PACK` : `VACUUM ${this.#table}`;
    return { by: 'athena', sql };
  }

  #insert(): Step {
    const made = this.#make();
    this.#rows.push(...made);
    return {
      by: 'athena',
      sql: `INSERT INTO ${this.#table} VALUES ${made.map((row) => this.#literal(row)).join(', ')}`,
    };
  }

  #append(): Step {
    const made = this.#make();
    this.#rows.push(...made);
    return { by: 'append', rows: made.map((row) => this.#columns.map((column) => row[column] ?? null)) };
  }

  #update(): Step {
    const [sql, holds] = this.#predicate();
    const by = 1 + this.#pick(9);
    this.#rows = this.#rows.map((row) =>
      holds(row)
        ? { ...row, n: row['n'] == null ? null : String(Number(row['n']) + by), name: 'updated' }
        : row,
    );
    return { by: 'athena', sql: `UPDATE ${this.#table} SET n = n + ${by}, name = 'updated' WHERE ${sql}` };
  }

  #deleteSome(): Step {
    return this.#delete(...this.#predicate());
  }

  #delete(sql: string, holds: (row: Record) => boolean): Step {
    this.#rows = this.#rows.filter((row) => !holds(row));
    return { by: 'athena', sql: `DELETE FROM ${this.#table} WHERE ${sql}` };
  }

  #deleteByPyiceberg(): Step {
    const value = this.#pick(100);
    this.#rows = this.#rows.filter(({ id }) => id !== String(value));
    return { by: 'delete', column: 'id', value };
  }

  /** Source rows have IDs of their own: several of one target row would be an error. */
  #merge(): Step {
    const source = new Map(this.#make().map((row) => [row['id'], row]));
    const from = [...source.values()].map((row) => `(${row['id']}, ${this.#value('n', row['n'] ?? null)})`);
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
    return {
      by: 'athena',
      sql: `MERGE INTO ${this.#table} t USING (VALUES ${from.join(', ')}) s (id, n) ON t.id = s.id
        WHEN MATCHED AND t.n < ${limit} THEN DELETE WHEN MATCHED THEN UPDATE SET n = s.n
        WHEN NOT MATCHED THEN INSERT (id, n, name) VALUES (s.id, s.n, 'merged')`,
    };
  }

  #alter(): Step {
    const extra = this.#columns.filter((column) => column.startsWith('c'));
    const [first] = extra;
    const dice = this.#pick(3);
    if (first === undefined || (dice === 0 && extra.length < 3)) {
      this.#added += 1;
      const name = `c${this.#added}`;
      this.#columns = [...this.#columns, name];
      return { by: 'athena', sql: `ALTER TABLE ${this.#table} ADD COLUMNS (${name} int)` };
    }
    if (dice === 1) {
      this.#columns = this.#columns.filter((column) => column !== first);
      this.#rows = this.#rows.map(({ [first]: _gone, ...row }) => row);
      return { by: 'athena', sql: `ALTER TABLE ${this.#table} DROP COLUMN ${first}` };
    }
    this.#added += 1;
    const name = `c${this.#added}`;
    this.#columns = this.#columns.map((column) => (column === first ? name : column));
    this.#rows = this.#rows.map(({ [first]: value = null, ...row }) => ({ ...row, [name]: value }));
    return { by: 'athena', sql: `ALTER TABLE ${this.#table} CHANGE COLUMN ${first} ${name} int` };
  }

  /** A condition in SQL and the same here. Null makes it false. */
  #predicate(): [sql: string, holds: (row: Record) => boolean] {
    const number = this.#pick(100);
    switch (this.#pick(5)) {
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
      default:
        return [`name = 'n${number % 7}'`, ({ name }) => name === `n${number % 7}`];
    }
  }

  #make(): Record[] {
    return Array.from({ length: 1 + this.#pick(6) }, () => {
      const extra = this.#columns.filter((column) => column.startsWith('c'));
      return {
        id: String(this.#pick(100)),
        day: this.#day(),
        name: this.#maybe(`n${this.#pick(7)}`),
        n: this.#maybe(String(this.#pick(150))),
        ...Object.fromEntries(extra.map((column) => [column, this.#maybe(String(this.#pick(9)))])),
      };
    });
  }

  #literal(row: Record): string {
    return `(${this.#columns.map((column) => this.#value(column, row[column] ?? null)).join(', ')})`;
  }

  #value(column: string, value: string | null): string {
    if (value === null) return 'NULL';
    if (column === 'day') return `DATE '${value}'`;
    return column === 'name' ? `'${value}'` : value;
  }

  #day(): string | null {
    return this.#maybe(`2026-11-${String(1 + this.#pick(6)).padStart(2, '0')}`);
  }

  #maybe(value: string): string | null {
    return this.#pick(8) === 0 ? null : value;
  }

  #pick(below: number): number {
    return Math.floor(this.#random() * below);
  }
}

/** Rows in the order in which both sides compare them. */
export function sorted(rows: readonly Row[]): Row[] {
  const key = (row: Row) => JSON.stringify(row).replaceAll(',', ', ');
  return rows.toSorted((left, right) => (key(left) < key(right) ? -1 : key(left) > key(right) ? 1 : 0));
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
