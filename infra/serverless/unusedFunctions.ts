import type { Config } from '../../lib/config/configSchema.ts';

const OF_SOURCES = ['ingest-plan', 'ingest-trigger', 'ingest-load'] as const;
const OF_EXPORTS = ['export'] as const;

/** Functions of serverless.yml that a configuration has no use for: they are left out of the deployment. */
export function unusedFunctions({
  sources,
  exports,
}: Pick<Config, 'sources' | 'exports'>): readonly string[] {
  return [...(sources.length === 0 ? OF_SOURCES : []), ...(exports.length === 0 ? OF_EXPORTS : [])];
}
