import { addDays, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { StatsigBucket } from '../../lib/schema/fields/statsigBucket.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { type StatsigFormat, statsigFormats } from '../../lib/tables/exports/statsigFormat.ts';
import type { DeployedStack } from './readDeployment.ts';
import type { Step } from './setupGuide.ts';

/** The steps that let Statsig read exports from its bucket, and write its own there. */
export interface StatsigBucketGuide {
  readonly product: 'statsig-bucket';
  readonly steps: readonly Step[];
}

/** Returns the configuration that Statsig's connection to a bucket lacks, to be pasted into `sluice.config.ts`. */
export function missingStatsigBucket({ bucket }: Pick<Config, 'bucket'>): string {
  return `There is no statsigBucket in the configuration. Statsig's console shows its IAM user at Data > Ingestions > S3. Add to defineConfig({ … }):

statsigBucket: { bucket: '${bucket}-statsig', user: 'arn:aws:iam::999689269917:user/<name>' },
exports: [
  { name: 'events', table: 'curated_events', format: 'statsig', target: { bucket: '${bucket}-statsig' } },
],

Deploy (locally: stop the cloud and start it again), then run sluice connect statsig-bucket again.
`;
}

/**
 * Values of Statsig's forms for S3, the columns of each dataset, and the call that tells Statsig that days are ready. Nothing
 * is called.
 *
 * @param now Epoch milliseconds: the call names the day before.
 */
export function statsigBucketGuide(
  { outputs, region }: Pick<DeployedStack, 'outputs' | 'region'>,
  config: Config,
  statsigBucket: StatsigBucket,
  now: number,
): StatsigBucketGuide {
  const bucket = outputs.get('StatsigBucketName') ?? statsigBucket.bucket;
  const formats = statsigFormats(config);
  const datasets = config.exports.flatMap((exported) => {
    const format = formats[exported.name];
    return format === undefined || exported.target.bucket !== statsigBucket.bucket
      ? []
      : [{ folder: exportFolder(exported).slice(0, -1), format }];
  });
  const location = [
    { label: 'Region', value: region },
    { label: 'Bucket Name', value: bucket },
    { label: 'IAM user', value: statsigBucket.user, note: 'the one that its console shows' },
  ];
  const kinds = [...new Set(datasets.map(({ format }) => format.kind))];
  const day = addDays(utcDay(now), -1);
  return {
    product: 'statsig-bucket',
    steps: [
      {
        title: 'Statsig: Data > Ingestions, connect S3',
        fields: location,
        notes: statsigBucket.existing
          ? ['The bucket is yours: apply its policy with sluice policy print --for statsig-bucket.']
          : ['The stack has the policy for this user in the bucket.'],
      },
      ...datasets.map(({ folder, format }) => datasetStep(folder, format)),
      {
        title:
          'Statsig ingests daily by its own schedule. To start it once a day is exported, with a secret key of Statsig',
        commands: kinds.map(
          (type) =>
            `curl -X POST https://api.statsig.com/v1/mark_data_ready_dwh -H "statsig-api-key: $STATSIG_SECRET_KEY" -H 'content-type: application/json' -d '${JSON.stringify({ datestamps: day, type })}'`,
        ),
        notes: ['Nothing here calls it. Statsig takes one call of a type in two hours.'],
      },
      ...(statsigBucket.writesTo === null
        ? []
        : [
            {
              title: 'Statsig: Exports List, Scheduled Export, S3',
              fields: [
                ...location,
                { label: 'Folder of exposures', value: `${statsigBucket.writesTo}/exposures` },
                { label: 'Folder of events', value: `${statsigBucket.writesTo}/events` },
              ],
              notes: [
                `Statsig may write below ${statsigBucket.writesTo}/ only. A source with mapping 'statsig-exposures' or 'statsig-events' makes tables of it: docs/statsig-s3.md.`,
              ],
            },
          ]),
    ],
  };
}

function datasetStep(folder: string, { kind, columns, units, required }: StatsigFormat): Step {
  return {
    title: `Statsig: a dataset of ${kind}, folder ${folder}/, a folder for each day`,
    fields: columns.map(({ name, type }) => ({
      label: name,
      value: name === 'timestamp' ? 'BIGINT' : type.toUpperCase(),
      ...noteOf(name),
    })),
    notes: kind === 'exposures' ? ['Statsig calls the import of exposures deprecated.'] : [],
  };

  function noteOf(name: string): { readonly note?: string } {
    if (name === 'timestamp') return { note: 'epoch seconds' };
    if (units.includes(name)) return { note: 'unit_id of its type; one of them is never null' };
    return required.includes(name) ? { note: 'never null' } : {};
  }
}
