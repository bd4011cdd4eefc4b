import type { Config } from '../../lib/config/configSchema.ts';
import type { StatsigReader } from '../../lib/config/readersSchema.ts';
import { queryCost, usd } from './athenaPrice.ts';
import { type Deployment, ownQueries } from './Deployment.ts';
import { type Lookback, lookbackNotes, recommendLookback } from './lateness.ts';
import type { LatenessAnswer } from './measureLateness.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import type { Field, Sheet, Step } from './Sheet.ts';
import {
  type AssignmentSource,
  assignmentSource,
  fieldMapping,
  type MetricSource,
  metricSource,
} from './statsigSources.ts';

/** The sheet, and beside it what Statsig's Console API takes as it is. */
export interface StatsigSheet extends Sheet {
  readonly assignmentSource: AssignmentSource;
  readonly metricSource: MetricSource;
  readonly lookback: Lookback;
}

/**
 * How to connect Statsig: what comes from its console and must agree, its Data Connection form, an assignment and a
 * metric source, and how far reloads have to go back.
 *
 * @param lateness How late rows came; undefined when nobody asked.
 */
export function statsigSheet(
  deployment: Deployment,
  config: Config,
  reader: StatsigReader,
  lateness: LatenessAnswer | undefined,
): StatsigSheet {
  const identity = readerIdentity(deployment, reader);
  const measured = lateness !== undefined && 'seen' in lateness ? lateness.seen : [];
  const lookback = recommendLookback(measured, config);
  const sources = { assignmentSource: assignmentSource(config), metricSource: metricSource(config) };
  const local = identity.as === 'role' ? localRoleStep(deployment, identity.roleArn) : undefined;
  return {
    product: 'statsig',
    reader: reader.name,
    steps: [
      agreeStep(config, reader),
      ...(identity.as === 'user' ? [keysStep(deployment, identity.secretArn)] : []),
      ...(local === undefined ? [] : [local]),
      connectionStep(deployment, config, reader, identity),
      sourceStep('Statsig: Data > Assignment Sources > Create', sources.assignmentSource),
      sourceStep('Statsig: Data > Metric Sources > Create, type query', sources.metricSource),
      reloadStep(lookback, lateness),
    ],
    ...sources,
    lookback,
  };
}

/** What Statsig makes up, of which the deployment was made: the two must say the same. */
function agreeStep({ statsigFolder }: Config, reader: StatsigReader): Step {
  const { principal, externalId } = reader;
  const shown = (label: string, value: string | undefined, field: string): Field[] =>
    value === undefined ? [] : [{ label, value, note: `${field} in sluice.config.ts` }];
  return {
    title:
      "Compare with Statsig's console, Data Connection: it must show the same, else change the file and deploy",
    fields: [
      ...shown('Statsig S3 Folder', statsigFolder, 'statsigFolder'),
      ...(reader.as === 'user'
        ? []
        : [
            ...shown('Statsig Account ID', principal, 'principal'),
            ...shown('External ID', externalId, 'externalId'),
          ]),
    ],
  };
}

function connectionStep(
  deployment: Deployment,
  config: Config,
  reader: StatsigReader,
  identity: ReaderIdentity,
): Step {
  const { outputs, region, localEndpoint } = deployment;
  const { workgroup, resultsLocation } = ownQueries(deployment, config, reader);
  return {
    title: 'Statsig: Data Connection, Athena',
    fields: [
      { label: 'S3 Bucket', value: outputs.get('DataBucketName') ?? config.bucket },
      {
        label: 'Glue Database for staging',
        value: outputs.get('StagingDatabaseName') ?? config.athena.stagingDatabase,
        note: 'its own; it only reads the other',
      },
      {
        label: 'S3 Query Result Location',
        value: resultsLocation,
        note: 'or the workgroup alone, which has it as a setting',
      },
      {
        label: 'Athena Workgroup',
        value: workgroup,
        note: 'its own: it may query in no other',
      },
      { label: 'AWS Region', value: region },
      ...(identity.as === 'role'
        ? [{ label: 'IAM Role ARN', value: identity.roleArn }]
        : keyFields(identity.secretArn, ['Access Key', 'Secret Access Key'])),
      ...forwardedFields(config, reader),
    ],
    notes:
      localEndpoint === undefined
        ? []
        : [
            "Statsig's servers can't reach this machine: locally this is to be read, and its SQL to be tried.",
          ],
  };
}

/**
 * Statsig makes tables of these names in the staging database, with files in folders of the same names beside ours:
 * under our names both would write into one folder (docs/deploy.md).
 */
function forwardedFields({ tables }: Config, { statsigForwardsHere }: StatsigReader): Field[] {
  const note = statsigForwardsHere
    ? 'of its own forwarding; any name but ours'
    : 'any name but ours; its own forwarding stays off, and could write nothing (statsigForwardsHere)';
  return [
    { label: 'Forwarded Exposures Table', value: `${tables.exposures}_by_statsig`, note },
    { label: 'Forwarded Events Table', value: `${tables.events}_by_statsig`, note },
  ];
}

function sourceStep(title: string, source: AssignmentSource | MetricSource): Step {
  const forMetrics = 'sourceType' in source;
  return {
    title,
    queries: [{ name: source.name, about: source.description, sql: source.sql }],
    fields: fieldMapping(source).map(([label, value]) => ({ label, value, note: 'column' })),
    notes: [
      forMetrics
        ? 'Treat Timestamp as Date: off. Metrics count rows of an event_name, or sum or average value_number.'
        : 'Gates and experiments come in one list: exposure_type tells them apart, and a gate has the groups <rule ID>:Pass and <rule ID>:Fail. All other columns are for grouping and filtering.',
      ...(forMetrics
        ? [
            'Instead, as type table: the same name in FROM, timestamp as above and ds as the partition column.',
          ]
        : []),
    ],
  };
}

function reloadStep(lookback: Lookback, lateness: LatenessAnswer | undefined): Step {
  return {
    title: 'Statsig: Project Settings, scheduled reloads',
    fields: [
      {
        label: 'Scheduled reload',
        value:
          lookback.days === 1
            ? 'Incremental, daily'
            : 'Incremental, daily; Full, weekly and before a decision',
        note: 'late in the morning UTC, when the day before has landed',
      },
    ],
    notes: [
      ...lookbackNotes(lookback),
      'An incremental reload reads its last days again, by "a small buffer" in Statsig\'s words: ask Statsig whether that is at least this lookback for your project. Where it is less, what came later is only in full reloads; where the console offers no incremental reload, all are full.',
      ...askedNotes(lookback, lateness),
    ],
  };
}

/** Whether rows were counted, and what that cost. */
function askedNotes({ basis }: Lookback, lateness: LatenessAnswer | undefined): string[] {
  if (lateness === undefined) return ['How late rows come was not asked (--no-query).'];
  if ('failed' in lateness) return [`How late rows come could not be asked: ${lateness.failed}`];
  const { scannedBytes } = lateness;
  return [
    ...(basis === 'bound' ? ['No rows have come yet: ask again when there are some.'] : []),
    `Asking read ${(scannedBytes / 1e6).toFixed(1)} MB, which Athena bills with ${usd(queryCost(scannedBytes))}.`,
  ];
}
