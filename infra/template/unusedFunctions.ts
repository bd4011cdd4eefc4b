import type { Config } from '../../lib/schema/config.ts';

/** Functions that a configuration does not need. They are left out of the deployment. */
export function unusedFunctions({
  sources,
  exports,
  curate,
  relay,
  reconcile,
}: Pick<Config, 'sources' | 'exports' | 'curate' | 'relay' | 'reconcile'>): readonly string[] {
  return [
    ...(sources.length === 0 ? ['ingest-plan', 'ingest-trigger', 'ingest-load'] : []),
    ...(exports.length === 0 ? ['export'] : []),
    ...(curate ? [] : ['curate-plan', 'curate']),
    ...(relay === undefined ? ['relay'] : []),
    ...(reconcile ? [] : ['reconcile']),
  ];
}
