import type { RowReason } from '../rowReasons.ts';
import type { MappedField, RowProblem } from './CompiledMapping.ts';
import type { FoundColumn } from './columns/FoundColumn.ts';
import type { FieldSql } from './columns/findColumn.ts';
import { textSql } from './valueSql.ts';

/** Collects the SQL that reads a row, and the conditions for which it is refused. The first problem of a row counts. */
export class MappedRow {
  /** Reasons why rows are refused, by the index that {@link problem} has. */
  readonly problems: RowProblem[] = [];
  /** The fields that are read from columns, in order. */
  readonly fields: MappedField[] = [];
  /** SQL of what is read from a row, each with its name: `… AS v0`. */
  readonly #reads: string[] = [];
  readonly #conditions: string[] = [];

  /**
   * Adds a field.
   *
   * @param field As the mapping has it: `metadata.plan`.
   * @returns The name of its value among the reads.
   */
  read({ value: sql, column, isAbsent, refusals }: FieldSql, field: string): string {
    const number = this.#reads.length;
    const value = `v${number}`;
    const raw = `s${number}`;
    this.#reads.push(`${sql} AS ${value}`);
    if (isAbsent === true) this.fields.push({ field, column: '', type: '', text: 'NULL' });
    if (column === null) return value;
    this.#reads.push(`${column.sql} AS ${raw}`);
    for (const { reason, when } of [...column.refusals, ...refusals]) {
      this.refuse(reason, `column ${JSON.stringify(column.name)}`, when(raw, value));
    }
    const text = shownText(raw, column);
    this.fields.push({ field, column: column.name, type: shownType(column), text });
    return value;
  }

  /** Refuses rows for which a condition over the reads holds. */
  refuse(reason: RowReason, detail: string, condition: string): void {
    this.#conditions.push(`WHEN ${condition} THEN ${this.problems.length}`);
    this.problems.push({ reason, detail });
  }

  /** The select list of all fields: `reads` of a MappedGroup (CompiledMapping.ts). */
  get reads(): string {
    return this.#reads.join(', ');
  }

  /** SQL of the first problem of a row, or NULL: `problem` of a MappedGroup (CompiledMapping.ts). */
  get problem(): string {
    return this.#conditions.length === 0 ? 'NULL' : `CASE ${this.#conditions.join(' ')} END`;
  }
}

/** SQL of a column's value as a text for people. A null of JSON is null; bytes that are no text are shown by their codes. */
function shownText(raw: string, { kind, type }: Pick<FoundColumn, 'kind' | 'type'>): string {
  const text = textSql(raw, kind, type);
  if (kind === 'json') return `nullif(${text}, 'null')`;
  return kind === 'bytes' ? `coalesce(${text}, CAST(${raw} AS VARCHAR))` : text;
}

/**
 * The type of a column in the file. Writers choose the precision of decimals by their values, and one more member of a
 * struct is no other type. Empty if the file says that the column holds no value.
 */
function shownType({ kind, type }: Pick<FoundColumn, 'kind' | 'type'>): string {
  if (kind === 'empty') return '';
  if (type.endsWith(']')) return 'LIST';
  return kind === 'nested' || kind === 'decimal' ? type.replace(/\(.*$/s, '') : type;
}
