import { GlueClient } from '@aws-sdk/client-glue';
import { HOUR_MS, type UtcDay } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { curatedShape, curatedTables } from '../../../../lib/curate/curatedTables.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { CURATED_LEDGER, curatedDaysKey, ledgerKey } from '../../../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../../../lib/tables/tableFolders.ts';
import { answeredBy, named } from '../../../harness/answering.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { slowDeployment } from '../../slowDeployment.ts';

/** The time of the deployments, epoch milliseconds. */
export const NOW = Date.UTC(2026, 10, 20, 12);
/** Days from 2026-11-18 on are too young, and the last night should have queued those before the 17th. */
export const config = defineConfig({ bucket: 'own' });
/** A day of November. */
export const dayAt = (date: number): UtcDay => `2026-11-${String(date).padStart(2, '0')}`;

/** The raw file that the days of {@link keeping} have lost. */
export const lost = [{ name: 'a.parquet', eTag: '"old"' }];
const kept = { rows: 4, since: NOW - HOUR_MS, files: [] };
/** A day whose version keeps rows of a raw file that is gone. */
export const keeping = (more: Partial<NonNullable<NonNullable<LedgerEntry['curated']>['kept']>> = {}) => ({
  curated: { inputs: lost, kept: { ...kept, ...more } },
});
/** A day with rows, and with resends that are left out. */
const account = (rows: number, resends: number) => ({
  curated: { inputs: [], account: { rawRows: rows + resends, kept: 0, rows, resends, differing: 0 } },
});
/** Why days failed. */
export const failure = { code: 'SLUICE_CURATE_X', message: 'x.' };
/** A day that fails since a time, epoch milliseconds. */
export const failed = (since: number) => ({
  state: 'failed' as const,
  failure,
  failingSince: since,
  updatedAt: NOW,
});
/** A day that was queued so many hours ago. */
export const queued = (hours: number) => ({
  state: 'waiting' as const,
  queued: { at: NOW - hours * HOUR_MS, fingerprint: 'f', reason: 'new' as const },
});

/** Entries of curated days of events by the date in November: the first twelve are curated, the others wait or have failed. */
export const ENTRIES: Readonly<Record<number, Partial<LedgerEntry>>> = {
  1: keeping(),
  2: keeping({ accepted: 'keep' }),
  3: { ...keeping({ accepted: 'drop' }), ...failed(2) },
  4: keeping({ rows: 0 }),
  5: account(10, 1),
  6: account(20, 2),
  7: account(30, 3),
  8: account(40, 4),
  9: account(50, 5),
  10: account(60, 0),
  11: account(70, 7),
  12: account(0, 0),
  13: queued(25),
  14: { ...queued(40), ...failed(1) },
  15: queued(30),
};
const SHAPE = curatedShape(curatedTables(config).events);
/** A list of curated days; those up to the 4th keep rows. */
export const listedOf = (dates: readonly number[], shape = SHAPE) =>
  Object.fromEntries(
    dates.map((date) => {
      const keeps = date <= 4 ? { keeps: true } : {};
      return [dayAt(date), { version: 'v', shape, fingerprint: 'f', ...keeps }];
    }),
  );
/** The objects of entries. */
const objectsOf = (entries: Readonly<Record<number, Partial<LedgerEntry>>>) =>
  Object.entries(entries).map(([date, more]) => {
    const day = dayAt(Number(date));
    const entry = ledgerEntry({ source: CURATED_LEDGER, dataset: 'events', day, version: 'v', ...more });
    return [ledgerKey(CURATED_LEDGER, 'events', day), JSON.stringify(entry)] as const;
  });
/** The objects of the lists of both tables. */
export const lists = (events: object, exposures: object = {}) =>
  [
    [curatedDaysKey('events'), JSON.stringify({ days: events })],
    [curatedDaysKey('exposures'), JSON.stringify({ days: exposures })],
  ] as const;
/** The raw folder of a day. */
export const folderOf = (date: number) => dayFolder(config, 'events', dayAt(date));

const opened: { close(): void }[] = [];
/** A deployment whose bucket has entries of days of events, further objects, raw files, and raw folders: by default from the 12th to the 18th. */
export function deploymentOf(
  entries: typeof ENTRIES,
  objects: Iterable<readonly [string, string]>,
  files: readonly string[] = [],
  folders = [12, 13, 14, 15, 16, 17, 18].map(folderOf),
) {
  const all = new Map([...objectsOf(entries), ...objects]);
  const { deployment } = slowDeployment({ config, now: NOW, objects: all, folders, files });
  opened.push(deployment);
  return deployment;
}
/** Closes the deployments of {@link deploymentOf}. */
export function closeDeployments(): void {
  for (const deployment of opened.splice(0)) deployment.close();
}

/** Where the version of a day is: `s3://…/`. */
export const versionUrl = (date: number) =>
  `s3://own/${versionPrefix(config, 'curated_events', dayAt(date), 'v')}`;

/** Glue, in which each of these days has the partition of its version, and no view is there. */
export const glueOf = (...dates: readonly number[]) =>
  answeredBy(GlueClient, ({ name }) => {
    if (name !== 'GetPartitions') throw named('EntityNotFoundException');
    const Partitions = dates.map((date) => ({
      Values: [dayAt(date)],
      StorageDescriptor: { Location: versionUrl(date) },
    }));
    return { Partitions };
  });
