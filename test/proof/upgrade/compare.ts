import type { AthenaRow } from '../../harness/athenaRows.ts';
import type { Snapshot } from './snapshot.ts';

interface DocumentedChange {
  /** The first version whose deployment shows it. */
  readonly since: string;
  /** Why it is right, and where it is documented for users. */
  readonly reason: string;
}

/** A change of a table's or view's rows by a release. */
interface RowChange extends DocumentedChange {
  /** Tables and views, `<database>.<name>`. */
  readonly names: readonly string[];
  /** Whether a row that is there no more, or one that is there only now, is so because of the change. */
  readonly explains: (row: AthenaRow) => boolean;
}

/** A change of a resource by a release: it is replaced, removed or narrowed. */
interface ResourceChange extends DocumentedChange {
  /** The change in words, as here and in test/proof/infra/footprint.ts. */
  readonly is: RegExp;
}

/** Changes that a release makes for users of an earlier one, as documented. */
export interface DocumentedChanges {
  readonly rows: readonly RowChange[];
  readonly resources: readonly ResourceChange[];
  /** Resources of later versions that a rollback removes. */
  readonly rollback: readonly ResourceChange[];
  /** Answers of the collector that changed. */
  readonly answers: readonly ResourceChange[];
}

/**
 * Describes how a snapshot differs from an earlier one. Rows are compared as multisets, by the earlier columns.
 *
 * @param isLater Whether a row came in after the first snapshot: such rows are not compared.
 */
export function changesOf(
  before: Snapshot,
  after: Snapshot,
  isLater: (row: AthenaRow) => boolean,
  documented: DocumentedChanges,
): string[] {
  return [
    ...lostColumns(before, after),
    ...changedRows(before, after, isLater, documented.rows),
    ...changedEntries('partition', before.partitions, after.partitions),
    ...changedEntries('resource', before.resources, after.resources).filter(
      (change) => !documented.resources.some(({ is }) => is.test(change)),
    ),
    ...lostSecrets(before, after),
    ...changedEntries('file', filesOf(before), after.objects),
    ...changedEntries('answer to', before.answers, after.answers).filter(
      (change) => !documented.answers.some(({ is }) => is.test(change)),
    ),
    ...changedEntries('day', before.ledger, after.ledger),
    ...changedEntries('exported object', before.exported, after.exported),
    ...[...after.deadLetters]
      .filter(([, count]) => count !== '0')
      .map(([url, count]) => `${url}: ${count} messages`),
  ];
}

/** Rows that are not as they were, of tables and views, by the columns that both snapshots have. */
export function changedRows(
  before: Snapshot,
  after: Snapshot,
  isLater: (row: AthenaRow) => boolean,
  documented: DocumentedChanges['rows'],
): string[] {
  return [...before.rows].flatMap(([name, rows]) => {
    const now = after.rows.get(name);
    if (now === undefined) return [`${name} is gone`];
    const columns = common(before.columns.get(name), after.columns.get(name)).map(
      (column) => column.split(' ')[0] ?? '',
    );
    const explained = documented.filter(({ names }) => names.includes(name));
    const isCompared = (row: AthenaRow) => !isLater(row) && !explained.some(({ explains }) => explains(row));
    const counts = new Map<string, number>();
    const count = (row: AthenaRow, by: number) => {
      const text = JSON.stringify(columns.map((column) => row[column] ?? null));
      counts.set(text, (counts.get(text) ?? 0) + by);
    };
    for (const row of rows.filter(isCompared)) count(row, 1);
    for (const row of now.filter(isCompared)) count(row, -1);
    return [...counts]
      .filter(([, surplus]) => surplus !== 0)
      .map(([text, surplus]) => `${name}: ${surplus > 0 ? 'lost' : 'new'} ${Math.abs(surplus)} × ${text}`);
  });
}

function lostColumns(before: Snapshot, after: Snapshot): string[] {
  return [...before.columns].flatMap(([name, columns]) => {
    const kept = new Set(common(columns, after.columns.get(name)));
    return columns.filter((column) => !kept.has(column)).map((column) => `${name}: no column ${column}`);
  });
}

function common(before: readonly string[] = [], after: readonly string[] = []): readonly string[] {
  return before.filter((column) => after.includes(column));
}

/** Secrets may have other names, but clients keep the access keys and SDK keys in them. */
function lostSecrets(before: Snapshot, after: Snapshot): string[] {
  const values = new Set(after.secrets.values());
  return [...before.secrets]
    .filter(([, value]) => !values.has(value))
    .map(([name]) => `the value of secret ${name} is in no secret`);
}

/** Objects with rows: nobody rewrites or removes them. */
function filesOf({ objects }: Snapshot): ReadonlyMap<string, string> {
  return new Map([...objects].filter(([key]) => /^(statsig|quarantine|quarantine-large)\//.test(key)));
}

function changedEntries(
  what: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  return [...before]
    .filter(([name, value]) => after.get(name) !== value)
    .map(([name, value]) => `${what} ${name} was ${value}, is ${after.get(name) ?? 'gone'}`);
}
