import { defineErrorFamily } from '../../lib/base/errors.ts';
import { didYouMean } from '../../lib/base/text.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { Export } from '../../lib/schema/exports.ts';
import { configuredDatasets } from '../facts/days/datasets.ts';
import type { ConfiguredDataset } from '../facts/days/ledgerDays.ts';

/** Errors of questions about drops. */
export const DropsError = defineErrorFamily('user', {
  SLUICE_INGEST_NO_SOURCES: {
    cause: 'The configuration has no such source or dataset.',
    cure: 'Compare --source and --dataset with `sources` of the configuration; SLUICE_CONFIG names another file.',
  },
  SLUICE_INGEST_DAY_UNKNOWN: {
    cause: 'The ledger has no entry for this day.',
    cure: 'If its folder has files, `sluice ingest run` loads days of the lookback, `sluice ingest backfill` any day.',
  },
});

/** Errors of questions about exports. */
export const ExportsError = defineErrorFamily('user', {
  SLUICE_EXPORT_UNKNOWN: {
    cause: 'The configuration has no such export.',
    cure: 'Compare --export with `exports` of the configuration; SLUICE_CONFIG names another file.',
  },
});

/** Names of datasets; all of them without a name. */
export interface DatasetNames {
  /** Name of a source. Default all. */
  readonly source?: string | undefined;
  /** Name of a dataset. Default all. */
  readonly dataset?: string | undefined;
}

/**
 * The datasets of these names, in the order of the configuration.
 *
 * @returns At least one.
 * @throws DropsError SLUICE_INGEST_NO_SOURCES if the configuration has none of these names.
 */
export function namedDatasets(
  { sources }: Pick<Config, 'sources'>,
  { source, dataset }: DatasetNames,
): readonly [ConfiguredDataset, ...ConfiguredDataset[]] {
  const all = configuredDatasets({ sources });
  const [first, ...others] = all.filter(
    (configured) =>
      (source === undefined || configured.source.name === source) &&
      (dataset === undefined || configured.dataset.name === dataset),
  );
  if (first !== undefined) return [first, ...others];
  if (all.length === 0) throw new DropsError('SLUICE_INGEST_NO_SOURCES', 'It has no datasets.');
  const known = all.map((configured) => `${configured.source.name}/${configured.dataset.name}`).join(', ');
  const names = sources.map(({ name }) => name);
  const ofSource = all.filter((configured) => source === undefined || configured.source.name === source);
  const meant =
    ofSource.length === 0
      ? didYouMean(source ?? '', names)
      : didYouMean(dataset ?? '', [...new Set(ofSource.map((configured) => configured.dataset.name))]);
  throw new DropsError('SLUICE_INGEST_NO_SOURCES', `It has ${known}.${meant}`);
}

/**
 * The export of a name; all of them without a name.
 *
 * @returns At least one.
 * @throws ExportsError SLUICE_EXPORT_UNKNOWN if there is none.
 */
export function namedExports(
  { exports }: Pick<Config, 'exports'>,
  name?: string,
): readonly [Export, ...Export[]] {
  const [first, ...others] = exports.filter((exported) => name === undefined || exported.name === name);
  if (first !== undefined) return [first, ...others];
  const known = exports.map((exported) => exported.name);
  throw new ExportsError(
    'SLUICE_EXPORT_UNKNOWN',
    known.length === 0 ? 'It has no exports.' : `It has ${known.join(', ')}.${didYouMean(name ?? '', known)}`,
  );
}
