import { readerId } from '../../infra/readers/readers.ts';
import { readerWorkgroup } from '../../lib/access/readerStatements.ts';
import type { Config } from '../../lib/schema/config.ts';
import type { StatsigBucket } from '../../lib/schema/fields/statsigBucket.ts';
import { isRole, type Reader } from '../../lib/schema/readers.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { statsigFormats } from '../../lib/tables/exports/statsigFormat.ts';
import { ConnectError, type DeployedStack } from './readDeployment.ts';
import { readerQueries, type SqlSnippet } from './readerQueries.ts';
import {
  type AssignmentSource,
  assignmentSource,
  type MetricSource,
  metricSource,
} from './statsigSources.ts';

/** One field of a product's form. */
interface Field {
  /** Its label in the form. */
  readonly label: string;
  /** The value to enter; empty to leave the field empty. For a secret it is the member that holds it, never the secret. */
  readonly value: string;
  /** What else to know of it; absent if there is nothing. */
  readonly note?: string;
}

/** The values of a product's form. */
export interface Form {
  /** The product. */
  readonly product: Reader['kind'] | 'statsig-bucket';
  /** Its fields, in the order of the form. */
  readonly fields: readonly Field[];
  /** SQL in Athena's dialect to paste. */
  readonly queries: readonly SqlSnippet[];
}

/** Days that Statsig has to read again. */
interface Lookback {
  /** Days before the day of a load. */
  readonly days: number;
}

/** The values of a reader's form. Only that of Statsig has sources and a lookback. */
export interface ReaderForm extends Form {
  /** The source of assignments; absent of another product. */
  readonly assignmentSource?: AssignmentSource;
  /** The source of metrics; absent of another product. */
  readonly metricSource?: MetricSource;
  /** Days that each load has to read again; absent of another product. */
  readonly lookback?: Lookback;
}

/**
 * The values of a reader's form. For Statsig also the sources as its Console API takes them, and the days before the day of a
 * load that it has to read again.
 *
 * @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED`
 */
export function readerForm(deployment: DeployedStack, config: Config, reader: Reader): ReaderForm {
  const form = {
    product: reader.kind,
    fields: FIELDS[reader.kind](readerValues(deployment, config, reader)),
  };
  if (reader.kind !== 'statsig') return { ...form, queries: readerQueries(config) };
  const sources = { assignmentSource: assignmentSource(config), metricSource: metricSource(config) };
  const queries = Object.values(sources).map(({ name, description: about, sql }) => ({ name, about, sql }));
  return { ...form, queries, ...sources, lookback: { days: config.timeWindow.pastDays + 1 } };
}

/** The values that forms of readers take. */
interface ReaderValues extends Pick<DeployedStack, 'stage' | 'region' | 'localEndpoint'> {
  /** The configuration of the deployment. */
  readonly config: Config;
  /** The reader that the form is for. */
  readonly reader: Reader;
  /** Name of the bucket. */
  readonly bucket: string;
  /** ARN of the reader's role; null of one that is a user. */
  readonly roleArn: string | null;
  /** Name of the reader's workgroup. */
  readonly workgroup: string;
  /** The folder for results of its queries: `s3://acme/query-results/statsig/` */
  readonly results: string;
  /** Name of the database in which the reader makes tables. */
  readonly stagingDatabase: string;
  /** The fields of an access key, by the labels of its two parts; none of a reader that is a role. */
  readonly keys: (access: string, secret: string) => readonly Field[];
}

/** What a form needs of the configuration and of the outputs of the stack. @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED`. */
function readerValues(deployment: DeployedStack, config: Config, reader: Reader): ReaderValues {
  const { stage, region, outputs, localEndpoint } = deployment;
  const hasRole = isRole(reader);
  const arn = readerArn(deployment, reader, hasRole ? 'RoleArn' : 'SecretArn');
  const { workgroup, resultsFolder } = readerWorkgroup(config.athena, reader);
  const bucket = outputs.get('DataBucketName') ?? config.bucket;
  const keys = (access: string, secret: string): readonly Field[] =>
    hasRole
      ? []
      : [
          { label: access, value: 'accessKeyId', note: `member of the secret ${arn}` },
          { label: secret, value: 'secretAccessKey', note: 'of the same secret' },
        ];
  return {
    config,
    reader,
    stage,
    region,
    bucket,
    localEndpoint,
    keys,
    roleArn: hasRole ? arn : null,
    workgroup: outputs.get(readerId(reader, 'WorkgroupName')) ?? workgroup,
    results: `s3://${bucket}/${resultsFolder}`,
    stagingDatabase: outputs.get('StagingDatabaseName') ?? config.athena.stagingDatabase,
  };
}

/**
 * Options of Athena's JDBC driver 3.x, which Metabase uses: results up to an hour old are reused. With the local cloud, it
 * fetches results through Athena's API, so that it needs no second endpoint.
 * https://docs.aws.amazon.com/athena/latest/ug/jdbc-v3-driver-advanced-connection-parameters.html
 */
const REUSE = 'EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60';

/** The fields of each form, by their labels: docs/statsig.md, docs/owox.md, docs/metabase.md. */
const FIELDS: Readonly<Record<Reader['kind'], (values: ReaderValues) => readonly Field[]>> = {
  statsig: ({ config, reader, bucket, stagingDatabase, results, workgroup, region, roleArn, keys }) => [
    { label: 'Statsig S3 Folder', value: config.statsigFolder, note: 'as its console shows it' },
    ...(reader.kind === 'statsig' && isRole(reader)
      ? [
          { label: 'Statsig Account ID', value: reader.principal, note: 'as its console shows it' },
          { label: 'External ID', value: reader.externalId ?? '', note: 'as its console shows it' },
        ]
      : []),
    { label: 'S3 Bucket', value: bucket },
    { label: 'Glue Database for staging', value: stagingDatabase },
    { label: 'S3 Query Result Location', value: results },
    { label: 'Athena Workgroup', value: workgroup },
    { label: 'AWS Region', value: region },
    ...(roleArn === null ? [] : [{ label: 'IAM Role ARN', value: roleArn }]),
    ...keys('Access Key', 'Secret Access Key'),
    ...(['exposures', 'events'] as const).map((kind) => ({
      label: `Forwarded ${kind === 'events' ? 'Events' : 'Exposures'} Table`,
      value: `${config.tables[kind]}_by_statsig`,
      note: "any name except those of Sluice's tables",
    })),
    ...assignmentSource(config).idTypeMapping.map(({ statsigUnitID: label, column: value }) => ({
      label,
      value,
      note: 'column of both sources',
    })),
  ],
  owox: ({ reader, stage, region, keys }) => [
    { label: 'Title', value: `Sluice (${stage})`, note: 'any name' },
    { label: 'Region', value: region },
    { label: 'Output Bucket', value: reader.kind === 'owox' ? reader.resultsBucket : '' },
    ...keys('Access Key ID', 'Secret Access Key'),
  ],
  metabase: ({ stage, region, workgroup, results, roleArn, keys, localEndpoint }) => [
    { label: 'Display name', value: `Sluice (${stage})`, note: 'any name' },
    { label: 'Region', value: region },
    { label: 'Workgroup', value: workgroup },
    { label: 'S3 Staging directory', value: results },
    ...keys('Access key', 'Secret Key'),
    ...(roleArn === null
      ? []
      : [{ label: 'Access key, Secret Key', value: '', note: `it runs as ${roleArn}` }]),
    {
      label: 'Additional Athena connection string options',
      value:
        localEndpoint === undefined
          ? REUSE
          : `${REUSE};AthenaEndpoint=${localEndpoint};ResultFetcher=GetQueryResults`,
    },
  ],
};

/** The ARN of a reader's role or secret. @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED` if the stack has no such output. */
function readerArn({ outputs, stackName }: DeployedStack, reader: Reader, output: string): string {
  const name = readerId(reader, output);
  const value = outputs.get(name);
  if (value !== undefined) return value;
  const detail = `${stackName} has no output ${name} for reader ${reader.name}.`;
  throw new ConnectError('SLUICE_CONNECT_NOT_DEPLOYED', detail);
}

/** Values of Statsig's forms for S3, and the columns of each dataset. */
export function statsigBucketForm(
  { region, outputs }: DeployedStack,
  config: Config,
  { bucket, user, writesTo }: StatsigBucket,
): Form {
  const formats = statsigFormats(config);
  const datasets = config.exports.flatMap((exported) => {
    const format = formats.get(exported.name);
    if (format === undefined || exported.target.bucket !== bucket) return [];
    const columns = format.columns.map(({ name, type }) => {
      const isTime = name === 'timestamp';
      return `${name} ${isTime ? 'BIGINT' : type.toUpperCase()}`;
    });
    // Several exports may be of one kind.
    const what = `${format.kind} by ${exported.name}`;
    return [
      { label: `Folder of ${what}`, value: exportFolder(exported), note: 'a folder for each day' },
      { label: `Columns of ${what}`, value: columns.join(', '), note: 'timestamp: epoch seconds' },
    ];
  });
  return {
    product: 'statsig-bucket',
    fields: [
      { label: 'Region', value: region },
      { label: 'Bucket Name', value: outputs.get('StatsigBucketName') ?? bucket },
      { label: 'IAM user', value: user, note: 'the one that its console shows' },
      ...datasets,
      ...(writesTo === null
        ? []
        : ['exposures', 'events'].map((kind) => ({
            label: `Folder of ${kind} from Statsig`,
            value: `${writesTo}/${kind}`,
            note: 'of its Exports List',
          }))),
    ],
    queries: [],
  };
}
