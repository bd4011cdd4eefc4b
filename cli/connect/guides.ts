import { readerId } from '../../infra/readers/readers.ts';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import { shellCommand } from '../../lib/base/text.ts';
import { addDays, utcDay } from '../../lib/base/time.ts';
import type { Config } from '../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../lib/schema/fields/athena.ts';
import type { StatsigBucket } from '../../lib/schema/fields/statsigBucket.ts';
import { ownDatabaseOf, type Reader } from '../../lib/schema/readers.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { type StatsigFormat, statsigFormats } from '../../lib/tables/exports/statsigFormat.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';
import { localAccount } from '../../local/localAccount.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import { type Field, guideStep, type SetupGuide, type Step } from './guide.ts';
import { readerQuestions } from './questions.ts';
import { ConnectError, type DeployedStack } from './readDeployment.ts';
import { assignmentSource, metricSource } from './statsigSources.ts';
import type { Values } from './template.ts';

/** The steps of each product, by their names in guides.txt, in their order. */
const STEPS: Readonly<Record<Reader['kind'], readonly string[]>> = {
  statsig: [
    ...['statsig-compare', 'keys', 'local-role', 'statsig-connection', 'statsig-key'],
    ...['statsig-assignment', 'statsig-metric', 'statsig-reload'],
  ],
  owox: ['owox-primary', 'keys', 'owox-storage', 'owox-marts'],
  metabase: [
    ...['keys', 'local-role', 'metabase-role', 'metabase-database', 'metabase-settings', 'metabase-tables'],
    'metabase-questions',
  ],
};

/**
 * How to connect the product of a reader: each field of its forms, SQL to paste, and what else the reader may read. For
 * Statsig also the sources as its Console API takes them, and the days before the day of a load that it has to read again.
 *
 * @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED`
 */
export function readerGuide(deployment: DeployedStack, config: Config, reader: Reader): SetupGuide {
  const values = readerValues(deployment, config, reader);
  const sources = { assignmentSource: assignmentSource(config), metricSource: metricSource(config) };
  const queries = readerQuestions(config);
  const more: Readonly<Record<string, Partial<Step>>> = {
    'statsig-assignment': sourceParts(sources.assignmentSource),
    'statsig-metric': sourceParts(sources.metricSource),
    'owox-marts': { queries },
    'metabase-questions': { queries },
  };
  return {
    ...{ product: reader.kind, reader: reader.name },
    steps: [
      ...STEPS[reader.kind].flatMap((name) => guideStep(name, values, more[name])),
      ...alsoReadsSteps(reader, deployment.target),
      ...guideStep('local-policy', values),
    ],
    ...(reader.kind === 'statsig' ? { ...sources, lookback: { days: values.lookbackDays } } : {}),
  };
}

/** The SQL of a source, and its fields for unit IDs. */
function sourceParts(source: ReturnType<typeof assignmentSource | typeof metricSource>): Partial<Step> {
  const { name, description: about, sql, idTypeMapping } = source;
  return {
    queries: [{ name, about, sql }],
    fields: idTypeMapping.map(({ statsigUnitID: label, column: value }) => ({
      label,
      value,
      note: 'column',
    })),
  };
}

/** Makes a condition of a template's line: empty if it holds. */
function when(condition: boolean): '' | undefined {
  return condition ? '' : undefined;
}

/** What the templates of readers say, of the deployment, the configuration and the reader. */
function readerValues(deployment: DeployedStack, config: Config, reader: Reader) {
  const { stage, region, outputs, localEndpoint, target } = deployment;
  const { database, tables, curate, curatedTables, existing, relay } = config;
  const isLocal = localEndpoint !== undefined;
  const isRole = reader.kind !== 'owox' && reader.as === 'role';
  const principal = isRole ? reader.principal : undefined;
  const arn = readerArn(deployment, reader, isRole ? 'RoleArn' : 'SecretArn');
  const { workgroup, resultsFolder } = readerWorkgroup(config.athena, reader);
  const bucket = outputs.get('DataBucketName') ?? config.bucket;
  const administersKey = reader.kind === 'statsig' && reader.keyAdministrator && existing.keyArn !== null;
  const policyOf = ['--for', `statsig-${isRole ? 'role' : 'user'}`, '--reader', reader.name];
  const readKeys = ['secretsmanager', 'get-secret-value', '--secret-id', arn];
  const askPrimary = ['athena', 'get-work-group', '--work-group', PRIMARY_WORKGROUP];
  return {
    ...{ stage, region, bucket, database, localEndpoint, lookbackDays: config.timeWindow.pastDays + 1 },
    ...{ exposures: tables.exposures, events: tables.events, quarantine: tables.quarantine },
    local: when(isLocal),
    localRole: when(isLocal && isRole),
    awsRole: when(!isLocal && isRole),
    asUser: when(!isRole),
    roleArn: isRole ? arn : undefined,
    secretArn: arn,
    identity: isRole ? arn : 'the ARN of its user',
    readKeys: awsCommand(deployment, [...readKeys, '--query', 'SecretString', '--output', 'text']),
    // Statsig's form asks for a role or for keys. Metabase's fields stay empty with a role, or have its credentials.
    ...(isRole && reader.kind === 'statsig'
      ? { accessKey: undefined, secretKey: undefined }
      : { accessKey: isRole ? '' : '<accessKeyId>', secretKey: isRole ? '' : '<secretAccessKey>' }),
    keyNote: `from the ${isRole ? (isLocal ? 'response of the call' : 'role, by its environment') : 'output of the command'}`,
    workgroup: outputs.get(readerId(reader, 'WorkgroupName')) ?? workgroup,
    results: `s3://${bucket}/${resultsFolder}`,
    principal,
    onEc2: when(principal === 'ec2'),
    onEcs: when(principal === 'ecs-tasks'),
    assumer: principal === 'ec2' || principal === 'ecs-tasks' ? undefined : principal,
    externalId: isRole ? reader.externalId : undefined,
    statsigFolder: config.statsigFolder,
    stagingDatabase: outputs.get('StagingDatabaseName') ?? config.athena.stagingDatabase,
    forwardsNot: when(reader.kind === 'statsig' && !reader.statsigForwardsHere),
    // With relay, Statsig has the events too, and its own forwarding brings them back.
    relayed: when(relay !== undefined && 'statsig' in relay),
    doctor: sluiceCommand(target, ['doctor']),
    administersKey: when(administersKey),
    existingKey: existing.keyArn ?? undefined,
    printPolicy: sluiceCommand(target, ['policy', 'print', ...policyOf]),
    askPrimary: awsCommand(deployment, [
      ...askPrimary,
      ...['--query', 'WorkGroup.Configuration.EnforceWorkGroupConfiguration'],
    ]),
    resultsBucket: reader.kind === 'owox' ? reader.resultsBucket : undefined,
    existingResults: when(reader.kind === 'owox' && reader.existingResultsBucket),
    ownDatabase: ownDatabaseOf(reader) ?? undefined,
    productEvents: database.includes('-')
      ? qualifiedName({ database }, 'product_events')
      : `${database}.product_events`,
    curated: curate
      ? `Where it wants a table instead of a view, use ${database}.${curatedTables.events} or ${database}.${curatedTables.exposures} with the filter copy = 1: one row an event, of all environments, of the days that are curated (docs/curated.md). The views also have the days that are not.`
      : undefined,
    driverOptions: isLocal ? `${REUSE};AthenaEndpoint=${localEndpoint};ResultFetcher=GetQueryResults` : REUSE,
    syncHour: (config.dailyIngest.hour + 3) % 24,
    scanLimit: config.athena.scanLimitGigabytes.toLocaleString('en-US'),
    views: Object.keys(views(config)).join(', '),
  } satisfies Values;
}

/**
 * Options of Athena's JDBC driver 3.x, which Metabase uses: results up to an hour old are reused. With the local cloud, it
 * fetches results through Athena's API, so that it needs no second endpoint.
 * https://docs.aws.amazon.com/athena/latest/ug/jdbc-v3-driver-advanced-connection-parameters.html
 */
const REUSE = 'EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60';

function readerArn({ outputs, stackName }: DeployedStack, reader: Reader, output: string): string {
  const name = readerId(reader, output);
  const value = outputs.get(name);
  if (value !== undefined) return value;
  const detail = `${stackName} has no output ${name} for reader ${reader.name}.`;
  throw new ConnectError('SLUICE_CONNECT_NOT_DEPLOYED', detail);
}

/** Lists other data that a reader may read, and what others have to do; empty without `alsoReads` and `policies`. */
function alsoReadsSteps(reader: Reader, target: readonly string[]): Step[] {
  const { alsoReads, policies } = reader;
  const foreign = foreignBuckets(reader);
  const also: Step = {
    title: 'It may also read these tables: quote their names, "database"."table"',
    fields: alsoReads.map(({ database, tables, locations }) => ({
      label: database,
      value: tables === undefined ? 'all tables' : tables.join(', '),
      ...(locations.length === 0 ? {} : { note: locations.join(', ') }),
    })),
    notes: policies.map((arn) => `And what ${arn} allows, which Sluice does not read.`),
  };
  const owners: Step = {
    title:
      'Send the owners of these buckets the page that each command makes: they must allow the reader, too',
    fields: foreign.map(({ bucket, owner }) => ({ label: bucket, value: owner, note: 'account' })),
    commands: foreign.map(({ bucket }) => sluiceCommand(target, ['connect', 'owner', bucket])),
  };
  return [
    ...(alsoReads.length + policies.length === 0 ? [] : [also]),
    ...(foreign.length === 0 ? [] : [owners]),
  ];
}

/** A command of the AWS CLI for the deployment; for the local cloud with its access keys. */
function awsCommand({ region, localEndpoint }: DeployedStack, words: readonly string[]): string {
  const command = ['aws', ...words, '--region', region];
  if (localEndpoint === undefined) return shellCommand(command);
  const { accessKeyId, secretAccessKey } = localAccount;
  const local = shellCommand([...command, '--endpoint-url', localEndpoint]);
  return `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} ${local}`;
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
  { bucket, user, existing, writesTo }: StatsigBucket,
  now: number,
): SetupGuide {
  const values = {
    ...{ region, statsigBucket: outputs.get('StatsigBucketName') ?? bucket, statsigUser: user },
    ...{ bucketIsYours: when(existing), writes: when(writesTo !== null), writesTo: writesTo ?? undefined },
  };
  const formats = statsigFormats(config);
  const datasets = config.exports.flatMap((exported) => {
    const format = formats[exported.name];
    if (format === undefined || exported.target.bucket !== bucket) return [];
    return [{ folder: exportFolder(exported).slice(0, -1), format }];
  });
  const datestamps = addDays(utcDay(now), -1);
  return {
    product: 'statsig-bucket',
    steps: [
      ...guideStep('statsig-bucket-ingestion', values),
      ...datasets.flatMap(({ folder, format }) =>
        guideStep(
          'statsig-bucket-dataset',
          { folder, kind: format.kind, deprecated: when(format.kind === 'exposures') },
          { fields: datasetFields(format) },
        ),
      ),
      ...guideStep('statsig-bucket-ready', values, {
        commands: [...new Set(datasets.map(({ format }) => format.kind))].map(
          (type) =>
            `curl -X POST https://api.statsig.com/v1/mark_data_ready_dwh -H "statsig-api-key: $STATSIG_SECRET_KEY" -H 'content-type: application/json' -d '${JSON.stringify({ datestamps, type })}'`,
        ),
      }),
      ...guideStep('statsig-bucket-exports', values),
    ],
  };
}

function datasetFields({ columns, units, required }: StatsigFormat): Field[] {
  return columns.map(({ name, type }) => {
    if (name === 'timestamp') return { label: name, value: 'BIGINT', note: 'epoch seconds' };
    const field = { label: name, value: type.toUpperCase() };
    if (units.includes(name)) return { ...field, note: 'unit_id of its type; one of them is never null' };
    return required.includes(name) ? { ...field, note: 'never null' } : field;
  });
}
