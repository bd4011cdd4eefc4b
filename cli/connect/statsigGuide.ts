import { quoteName } from '../../lib/base/sql.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { StatsigReader } from '../../lib/schema/readers.ts';
import { unitIdColumns } from '../../lib/tables/sharedColumns.ts';
import { qualifiedName, type View } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import { deploymentOptions } from '../../observe/target.ts';
import { type DeployedStack, readerQueries } from './readDeployment.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import type { Field, SetupGuide, Step } from './setupGuide.ts';

/** The guide, with the sources as Statsig's Console API takes them. */
export interface StatsigGuide extends SetupGuide {
  readonly assignmentSource: AssignmentSource;
  readonly metricSource: MetricSource;
  /** Days before the day of a load that it reads again, to have all rows that came late. */
  readonly lookback: { readonly days: number };
}

/**
 * How to connect Statsig: values of its console that must match, its Data Connection form, an assignment and a metric
 * source, and how far back reloads have to read.
 */
export function statsigGuide(deployment: DeployedStack, config: Config, reader: StatsigReader): StatsigGuide {
  const identity = readerIdentity(deployment, reader);
  const lookback = { days: config.timeWindow.pastDays + 1 };
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
      ...keyStep(deployment, config, reader, identity),
      sourceStep('Statsig: Data > Assignment Sources > Create', sources.assignmentSource),
      sourceStep('Statsig: Data > Metric Sources > Create, type query', sources.metricSource),
      reloadStep(lookback.days),
    ],
    ...sources,
    lookback,
  };
}

/** Values that Statsig generates and the configuration repeats: they must match. */
function compareStep({ statsigFolder }: Config, reader: StatsigReader): Step {
  const { principal, externalId } = reader;
  const shown = (label: string, value: string | undefined, field: string): Field[] =>
    value === undefined ? [] : [{ label, value, note: `${field} in sluice.config.ts` }];
  return {
    title:
      "Compare with Statsig's console, Data Connection: if it shows other values, change the file and deploy",
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
  deployment: DeployedStack,
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
        note: 'its own; it only reads the database of the data',
      },
      {
        label: 'S3 Query Result Location',
        value: resultsLocation,
        note:
          reader.workgroup === undefined
            ? 'or leave it to the workgroup, which enforces it'
            : 'enter it: it may read results nowhere else',
      },
      {
        label: 'Athena Workgroup',
        value: workgroup,
        note: `${reader.workgroup === undefined ? 'its own' : 'of the configuration'}; it may not query in another`,
      },
      { label: 'AWS Region', value: region },
      ...(identity.as === 'role'
        ? [{ label: 'IAM Role ARN', value: identity.roleArn }]
        : keyFields(identity.secretArn, ['Access Key', 'Secret Access Key'])),
      ...forwardedFields(config, reader),
    ],
    notes: [
      ...(localEndpoint === undefined
        ? []
        : [
            "Statsig's servers cannot reach this machine. With the local cloud you can read this guide and try its SQL.",
          ]),
      ...relayNotes(deployment, config, reader),
    ],
  };
}

/** The policy of an existing key is not the stack's to change. */
function keyStep(
  { region, stage }: DeployedStack,
  { existing: { keyArn } }: Config,
  { name, as, keyAdministrator }: StatsigReader,
  identity: ReaderIdentity,
): Step[] {
  if (keyArn === null || !keyAdministrator) return [];
  const words = ['policy', 'print', '--for', `statsig-${as}`, '--reader', name, '--stage', stage];
  const who = identity.as === 'role' ? identity.roleArn : 'the ARN of its user';
  return [
    {
      title: `Add the statement of \`keyPolicy\` to the policy of the key ${keyArn}: keyAdministrator`,
      commands: [sluiceCommand(['--region', region], words)],
      notes: [`Its principal is ${who}.`],
    },
  ];
}

/** With relay, Statsig has the events too, and its own forwarding brings them back. */
function relayNotes(
  { stage, region, localEndpoint }: DeployedStack,
  { relay, tables }: Config,
  { statsigForwardsHere }: StatsigReader,
): string[] {
  if (relay === undefined || !('statsig' in relay)) return [];
  const forwards = statsigForwardsHere
    ? `statsigForwardsHere is on: unless the tables of Statsig have other names than ${tables.exposures} and ${tables.events}, every event is in one table twice. Also with other names, do not add the two up.`
    : "Leave Statsig's forwarding off: Sluice's tables have these events already, sooner and with every exposure.";
  const isLocal = localEndpoint !== undefined;
  const target = deploymentOptions({
    ...{ stack: { service: 'sluice', stage }, isLocal },
    aws: { region, ...(isLocal ? { endpoint: localEndpoint } : {}) },
  });
  return [
    `relay is on: what it delivers to Statsig, Statsig's own forwarding writes into your warehouse again. ${forwards} \`${sluiceCommand(target, ['doctor'])}\` looks whether it writes into Sluice's folders (docs/why.md).`,
  ];
}

/**
 * Statsig creates tables with these names in the staging database, with files in folders of the same names beside ours.
 * With our names, both would write to one folder (docs/deploy.md).
 */
function forwardedFields({ tables }: Config, { statsigForwardsHere }: StatsigReader): Field[] {
  const note = statsigForwardsHere
    ? "for Statsig's own forwarding; any name but Sluice's"
    : "any name but Sluice's; Statsig's own forwarding stays off and may not write (statsigForwardsHere)";
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
        ? 'Treat Timestamp as Date: off. Metrics count rows of an event_name, or add up or average value_number.'
        : 'Gates and experiments are in one list. exposure_type distinguishes them, and a gate has the groups <rule ID>:Pass and <rule ID>:Fail. All other columns are for grouping and filtering.',
      ...(forMetrics
        ? [
            'Alternatively choose type table: the name in FROM, timestamp as above, and ds as the partition column.',
          ]
        : []),
    ],
  };
}

function reloadStep(days: number): Step {
  return {
    title: 'Statsig: Project Settings, scheduled reloads',
    fields: [
      {
        label: 'Scheduled reload',
        value: 'Incremental, daily; Full, weekly and before a decision',
        note: 'late in the morning UTC, when the previous day is complete',
      },
    ],
    notes: [
      `Lookback: ${days === 1 ? '1 day' : `${days} days`}, counted back from the day of the load. That is the most that any row needs: by timeWindow.pastDays, the day of a row is at most ${days - 1} days before it was received, and the load after that is the first that sees it.`,
      'An incremental reload reads its last days again, with "a small buffer" in Statsig\'s words. Ask Statsig whether that is at least this lookback for your project. If it is less, only full reloads include later rows. If the console offers no incremental reload, all reloads are full.',
    ],
  };
}

/** Which of Statsig's unit IDs a column holds, as its Console API takes it. */
export interface IdType {
  readonly statsigUnitID: string;
  readonly column: string;
}

/**
 * A source as Statsig's Console API takes it, with the members that its forms ask for.
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
 * Statsig replaces these with the first and the last date that it loads, of type DATE. `ds` has that type and is the
 * partition key, so nothing else is read. https://docs.statsig.com/statsig-warehouse-native/configuration/query-tools
 * quotes them with backticks, which is BigQuery's syntax: Athena accepts none in a SELECT.
 */
const LOADED_DAYS = `"ds" BETWEEN {statsig_start_date} AND {statsig_end_date}`;

/** Held-out units are in no group, so they are not assignments for Statsig either. */
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
        // A group has a name once names are resolved; until then its ID takes its place.
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

/** Users' actions, for metrics: counts of an `event_name`, sums and means of `value_number`. */
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

/** Which column of a source goes into which field of the console's form. */
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
    `FROM ${qualifiedName(config, view.name)}`,
    `WHERE ${where.join(' AND ')}`,
  ].join('\n');
}
