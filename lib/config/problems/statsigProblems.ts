import { overlap } from '../../base/s3Location.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { exportFolder } from '../../tables/exportKeys.ts';
import { statsigFormat } from '../../tables/exports/statsigFormat.ts';
import { customerBuckets } from './customerBuckets.ts';

/** What of the configuration is compared with what Statsig takes. */
type Named = Pick<
  Config,
  'bucket' | 'statsigBucket' | 'readers' | 'exports' | 'sources' | 'tables' | 'curatedTables' | 'unitIds'
>;

/** What is wrong with `statsigBucket`, with what uses it, and with exports for Statsig, that no field shows alone. */
export function statsigProblems(config: Named): ConfigProblem[] {
  return [...bucketProblems(config), ...ownerProblems(config), ...formatProblems(config)];
}

/** A bucket of Statsig that is also something else of the deployment. */
function bucketProblems({ bucket, statsigBucket, readers, exports }: Named): ConfigProblem[] {
  if (statsigBucket === null) return [];
  const problems: ConfigProblem[] = [];
  if (statsigBucket.bucket === bucket)
    problems.push(
      unexpected(
        'statsigBucket.bucket',
        bucket,
        'another bucket than `bucket`: Statsig may list all of it, and its user has no key to read it',
      ),
    );
  for (const [i, reader] of readers.entries())
    if (reader.kind === 'owox' && reader.resultsBucket === statsigBucket.bucket)
      problems.push(
        unexpected(
          'statsigBucket.bucket',
          statsigBucket.bucket,
          `another bucket than readers.${i}.resultsBucket`,
        ),
      );
  const { writesTo } = statsigBucket;
  if (writesTo === null) return problems;
  for (const [i, exported] of exports.entries()) {
    const folder = exportFolder(exported);
    const target = { bucket: exported.target.bucket, folder };
    if (overlap(target, { bucket: statsigBucket.bucket, folder: `${writesTo}/` }))
      problems.push(
        unexpected(
          'statsigBucket.writesTo',
          writesTo,
          `a folder apart from ${folder}, the folder of exports.${i}: Statsig may delete what is there`,
        ),
      );
  }
  return problems;
}

/**
 * Problems of owners. The bucket that the stack makes needs no owner, role, key or region. All other buckets need an
 * owner.
 */
function ownerProblems({ statsigBucket, sources, exports }: Named): ConfigProblem[] {
  const madeBucket = statsigBucket === null || statsigBucket.existing ? undefined : statsigBucket.bucket;
  return customerBuckets({ sources, exports }).flatMap(({ field, ...place }) => {
    if (place.bucket !== madeBucket)
      return place.owner === undefined
        ? [unexpected(`${field}.owner`, undefined, 'an account: 12 digits, as a text')]
        : [];
    return (['owner', 'role', 'kmsKeyArn', 'encryption', 'region'] as const)
      .filter((member) => place[member] !== undefined)
      .map((member) => ({
        field: `${field}.${member}`,
        text: `expected none, as the stack makes this bucket: \`statsigBucket\`.`,
      }));
  });
}

/** Exports for Statsig whose table it can't take. */
function formatProblems(config: Named): ConfigProblem[] {
  const known = new Set([
    config.tables.exposures,
    config.tables.events,
    config.curatedTables.exposures,
    config.curatedTables.events,
    ...config.sources.flatMap(({ datasets }) => datasets.map(({ table }) => table)),
  ]);
  return config.exports.flatMap(({ table, format, target }, i) => {
    if (format !== 'statsig' && target.bucket === config.statsigBucket?.bucket)
      return [
        {
          field: `exports.${i}.format`,
          text: `got '${format}', expected 'statsig' for a target in \`statsigBucket\`: Statsig reads no other columns, and no manifest.`,
        },
      ];
    // An unknown table is reported by itself.
    if (format !== 'statsig' || !known.has(table)) return [];
    const problems: ConfigProblem[] = [];
    const made = statsigFormat(config, table);
    if ('expected' in made)
      problems.push({
        field: `exports.${i}.format`,
        text: `got 'statsig' for ${JSON.stringify(table)}, expected ${made.expected}.`,
      });
    if (target.folder?.includes('/') === true)
      problems.push(
        unexpected(
          `exports.${i}.target.folder`,
          target.folder,
          'a folder at the top of the bucket: Statsig looks for a dataset nowhere else',
        ),
      );
    return problems;
  });
}
