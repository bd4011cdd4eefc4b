import { quoteName } from '../../lib/base/sql.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { StatsigReader } from '../../lib/schema/readers.ts';
import { unitIdColumns } from '../../lib/tables/sharedColumns.ts';
import { sourceName, type View } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';
import { queryCost, usd } from './athenaPrice.ts';
import { type LatenessAnswer, type Lookback, lookbackNotes, recommendLookback } from './lateness.ts';
import { type Deployment, readerQueries } from './readDeployment.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import type { Field, SetupGuide, Step } from './setupGuide.ts';

/** The sheet, and beside it what Statsig's Console API takes as it is. */
export interface StatsigGuide extends SetupGuide {
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
export function statsigGuide(
  deployment: Deployment,
  config: Config,
  reader: StatsigReader,
  lateness: LatenessAnswer | undefined,
): StatsigGuide {
  const identity = readerIdentity(deployment, reader);
  const measured = lateness !== undefined && 'seen' in lateness ? lateness.seen : [];
  const lookback = recommendLookback(measured, config);
  const sources = { assignmentSource: assignmentSource(config), metricSource: metricSource(config) };
  const local = identity.as === 'role' ? localRoleStep(deployment, identity.roleArn) : undefined;
  return {
    product: 'statsig',
    reader: reader.name,
    steps: [
      compareStep(config, reader),
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
function compareStep({ statsigFolder }: Config, reader: StatsigReader): Step {
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
  const { workgroup, resultsLocation } = readerQueries(deployment, config, reader);
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
      ...measurementNotes(lookback, lateness),
    ],
  };
}

/** Whether rows were counted, and what that cost. */
function measurementNotes({ basis }: Lookback, lateness: LatenessAnswer | undefined): string[] {
  if (lateness === undefined) return ['How late rows come was not asked (--no-query).'];
  if ('failed' in lateness) return [`How late rows come could not be asked: ${lateness.failed}`];
  const { scannedBytes } = lateness;
  return [
    ...(basis === 'bound' ? ['No rows have come yet: ask again when there are some.'] : []),
    `Asking read ${(scannedBytes / 1e6).toFixed(1)} MB, which Athena bills with ${usd(queryCost(scannedBytes))}.`,
  ];
}

/** Which of Statsig's unit IDs a column holds, in the words of its Console API. */
export interface IdType {
  readonly statsigUnitID: string;
  readonly column: string;
}

/**
 * A source as Statsig's Console API takes it, member for member what its forms ask for.
 * https://docs.statsig.com/api-reference/experiments/create-assignment-source
 */
interface AssignmentSource {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly timestampColumn: string;
  readonly experimentIDColumn: string;
  readonly groupIDColumn: string;
  readonly groupNameColumn: string;
  readonly idTypeMapping: readonly IdType[];
}

/** https://docs.statsig.com/api-reference/metrics/create-metric-source */
interface MetricSource {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly timestampColumn: string;
  readonly timestampAsDay: boolean;
  readonly idTypeMapping: readonly IdType[];
  readonly sourceType: 'query';
}

/**
 * Statsig puts dates of type DATE in place of these, the first and the last that it loads; `ds` is of that type and the
 * partition key, so that nothing else is read. https://docs.statsig.com/statsig-warehouse-native/configuration/query-tools
 * sets backticks around them, which are BigQuery's: Athena takes none in a SELECT.
 */
const LOADED_DAYS = `"ds" BETWEEN {statsig_start_date} AND {statsig_end_date}`;

/** Held-out units are in no group, so they are no assignments to Statsig either. */
const IN_A_GROUP = 'NOT "held_out"';

/** Columns to group and filter by, besides the configured JSON paths. */
const CONTEXT = ['country', 'locale', 'app_version', 'sdk_type'];

/** Who was exposed to what and when. */
export function assignmentSource(config: Config): AssignmentSource {
  const idTypeMapping = idTypes(config);
  const view = views(config).experiment_exposures;
  return {
    name: 'sluice_exposures',
    description: view.comment,
    sql: select(
      config,
      view,
      [LOADED_DAYS, IN_A_GROUP],
      [
        '"timestamp"',
        '"experiment_id"',
        '"exposure_type"',
        '"group_id"',
        // Names are there once they are resolved; a group must have one before.
        'COALESCE("group_name", "group_id") AS "group_name"',
        ...idTypeMapping.map(({ column }) => quoteName(column)),
      ],
    ),
    timestampColumn: 'timestamp',
    experimentIDColumn: 'experiment_id',
    groupIDColumn: 'group_id',
    groupNameColumn: 'group_name',
    idTypeMapping,
  };
}

/** What people did, for metrics: counts of an `event_name`, sums and means of `value_number`. */
export function metricSource(config: Config): MetricSource {
  const idTypeMapping = idTypes(config);
  const view = views(config).product_events;
  return {
    name: 'sluice_events',
    description: view.comment,
    sql: select(
      config,
      view,
      [LOADED_DAYS],
      [
        '"timestamp"',
        '"event_name"',
        '"event_value"',
        '"value_number"',
        ...idTypeMapping.map(({ column }) => quoteName(column)),
      ],
    ),
    timestampColumn: 'timestamp',
    timestampAsDay: false,
    idTypeMapping,
    sourceType: 'query',
  };
}

/** What of a source goes into which field of the console's form. */
function fieldMapping(source: AssignmentSource | MetricSource): readonly (readonly [string, string])[] {
  const units = source.idTypeMapping.map(({ statsigUnitID, column }) => [statsigUnitID, column] as const);
  return 'experimentIDColumn' in source
    ? [
        ['Timestamp', source.timestampColumn],
        ['Experiment ID', source.experimentIDColumn],
        ['Group ID', source.groupIDColumn],
        ['Group name', source.groupNameColumn],
        ...units,
      ]
    : [['Timestamp', source.timestampColumn], ...units];
}

function idTypes(config: Pick<Config, 'unitIds'>): IdType[] {
  const names = Object.keys(config.unitIds);
  return [
    { statsigUnitID: 'userID', column: 'user_id' },
    { statsigUnitID: 'stableID', column: 'stable_id' },
    ...unitIdColumns(config).map(({ name }, i) => ({ statsigUnitID: names[i] ?? name, column: name })),
  ];
}

function select(config: Config, view: View, where: readonly string[], columns: readonly string[]): string {
  const wanted = [...CONTEXT, ...Object.keys(config.jsonPaths)];
  const context = wanted.filter((name) => view.columns.some((column) => column.name === name));
  return [
    'SELECT',
    [...columns, ...context.map(quoteName)].map((column) => `  ${column}`).join(',\n'),
    `FROM ${sourceName(config, view.name)}`,
    `WHERE ${where.join(' AND ')}`,
  ].join('\n');
}
