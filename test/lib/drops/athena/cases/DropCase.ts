import type { DatasetInput } from '../../engine/MappingBench.ts';

/** A file of a drop. */
export type DropFile =
  /** Rows of a query of DuckDB's, in a folder of the day. */
  | { readonly sql: string; readonly folder?: string }
  /** A file of test/fixtures/parquet, or a copy without some columns. */
  | { readonly fixture: string; readonly without?: readonly string[] };

/** A drop that both engines load, and that `npm run test:trino` asks Trino for. */
export interface DropCase {
  readonly name: string;
  readonly dataset: DatasetInput;
  readonly files: readonly DropFile[];
  /** Columns of unit IDs by type. */
  readonly unitIds?: Record<string, string>;
  /** Number of accepted rows. */
  readonly rows: number;
  /** Numbers of refused rows by reason without its prefix. */
  readonly refused: Readonly<Record<string, number>>;
  /** Texts of times have microseconds, which Athena rounds to milliseconds, and times before the year -290000, which it leaves out. */
  readonly timesDiffer?: true;
  /** The texts of refused rows differ by design: docs/large-days.md. */
  readonly rawDiffers?: true;
}

/** Events with the time `ts`, all of which may be refused. */
export const events = (mapping: object): DatasetInput => ({
  kind: 'events',
  refusedShare: 1,
  mapping: { timestamp: 'ts', ...mapping },
});

/** A row for each text, with its number. */
export function rowForText(texts: readonly string[]): string {
  return `SELECT generate_subscripts(given, 1) AS id, unnest(given) AS t FROM (SELECT [${texts.map(sqlText).join(', ')}] AS given)`;
}

/** A text. Line breaks and other control characters are calls. */
export function sqlText(text: string): string {
  const parts = [...text].map((character) =>
    character < ' ' ? `' || chr(${character.charCodeAt(0)}) || '` : character.replace("'", "''"),
  );
  return `('${parts.join('')}')`;
}

/** The `id` in the text of a refused row; null if it has none. The local Athena writes what is not finite in lists as no JSON. */
export function idOf(raw: string): unknown {
  const row: unknown = JSON.parse(raw.replaceAll(/(?<=[[,:])-?(?:NaN|Infinity)(?=[\],}])/g, 'null'));
  return typeof row === 'object' && row !== null && 'id' in row ? row.id : null;
}
