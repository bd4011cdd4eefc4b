import type { Config } from '../../lib/schema/config.ts';

const OF_SOURCES = ['ingest-plan', 'ingest-trigger', 'ingest-load'] as const;
const OF_EXPORTS = ['export'] as const;
const OF_CURATION = ['curate-plan', 'curate'] as const;
const OF_RELAY = ['relay'] as const;

/** Functions that a configuration does not need. They are left out of the deployment. */
export function unusedFunctions({
  sources,
  exports,
  curate,
  relay,
  reconcile,
}: Pick<Config, 'sources' | 'exports' | 'curate' | 'relay' | 'reconcile'>): readonly string[] {
  return [
    ...(sources.length === 0 ? OF_SOURCES : []),
    ...(exports.length === 0 ? OF_EXPORTS : []),
    ...(curate ? [] : OF_CURATION),
    ...(relay === undefined ? OF_RELAY : []),
    ...(reconcile ? [] : ['reconcile']),
  ];
}
