import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

export type SourceInput = NonNullable<ConfigInput['sources']>[number];
export type DatasetInput = SourceInput['datasets'][number];
type ExportInput = NonNullable<ConfigInput['exports']>[number];

/** A dataset `events` of events, but for what differs. */
export const eventsDataset = (more: Partial<DatasetInput> = {}): DatasetInput =>
  Object.assign({ name: 'events', kind: 'events' } as const, more);

/** A source `acme` in the bucket `acme-drops` of another account, with a dataset of events, but for what differs. */
export const acmeSource = (more: Partial<SourceInput> = {}): SourceInput => ({
  name: 'acme',
  bucket: 'acme-drops',
  owner: '444455556666',
  datasets: [eventsDataset()],
  ...more,
});

/** An export of the events of SDKs into a bucket of that account, but for what differs. */
export const exportTo = (
  target: Partial<ExportInput['target']>,
  more: Partial<ExportInput> = {},
): ExportInput => ({
  name: 'out',
  table: 'statsig_forwarded_events',
  ...more,
  target: { bucket: 'acme-warehouse', owner: '444455556666', ...target },
});

/** A reader of each kind. */
export const READERS = [
  { kind: 'statsig', name: 'statsig', principal: '111122223333', externalId: 'made-by-statsig' },
  { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
  { kind: 'metabase', name: 'metabase' },
] as const satisfies ConfigInput['readers'];

/** {@link acmeSource} with one dataset, defined: what code takes that loads it. */
export function definedDataset(dataset: Partial<DatasetInput>, more: Partial<ConfigInput> = {}) {
  const sources = [acmeSource({ datasets: [eventsDataset(dataset)] })];
  const config = defineConfig({ bucket: 'acme-experiments', sources, ...more });
  const [source] = config.sources;
  const made = source?.datasets[0];
  if (source === undefined || made === undefined) throw new Error('no dataset');
  return { config, source, dataset: made };
}
