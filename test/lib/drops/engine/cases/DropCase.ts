import type { DatasetInput } from '../MappingBench.ts';

/** A file of a drop: rows of a query of DuckDB's, in a folder of the day. */
interface DropFile {
  readonly sql: string;
  readonly folder?: string;
}

/** A drop that gives the same rows in any pieces. */
export interface DropCase {
  readonly name: string;
  readonly dataset: DatasetInput;
  readonly files: readonly DropFile[];
  /** Number of accepted rows. */
  readonly rows: number;
  /** Numbers of refused rows by reason without its prefix. */
  readonly refused: Readonly<Record<string, number>>;
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
