import type { RowProblem } from '../engine/CompiledMapping.ts';
import type { RowReason } from '../engine/rowReasons.ts';
import type { Reading } from './Reading.ts';

/** What is read of a row, and for what it is refused, gathered field by field: the first problem of a row counts. */
export class MappedRow {
  readonly problems: RowProblem[] = [];
  readonly #reads: string[] = [];
  readonly #conditions: string[] = [];

  /** Reads a field. @returns the name that its value has among the reads. */
  read(reading: Reading): string {
    const number = this.#reads.length;
    const value = `v${number}`;
    this.#reads.push(`${reading.value} AS ${value}`);
    if (reading.column === null) return value;
    const refusals = [...reading.column.refusals, ...reading.refusals];
    if (refusals.length > 0) this.#reads.push(`${reading.column.sql} AS s${number}`);
    for (const { reason, when } of refusals) {
      this.refuse(reason, `column ${JSON.stringify(reading.column.name)}`, when(`s${number}`, value));
    }
    return value;
  }

  /** Refuses rows for which a condition over the reads holds. */
  refuse(reason: RowReason, detail: string, condition: string): void {
    this.#conditions.push(`WHEN ${condition} THEN ${this.problems.length}`);
    this.problems.push({ reason, detail });
  }

  get reads(): string {
    return this.#reads.join(', ');
  }

  get problem(): string {
    return this.#conditions.length === 0 ? 'NULL' : `CASE ${this.#conditions.join(' ')} END`;
  }
}
