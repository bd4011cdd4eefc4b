import type { Config } from '../../lib/schema/config.ts';
import type { MetabaseReader } from '../../lib/schema/readers.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { views } from '../../lib/views/views.ts';
import { ATHENA_PRICE, queryCost, usd } from '../../observe/prices.ts';
import { readerQuestions } from './questions.ts';
import { type DeployedStack, readerQueries } from './readDeployment.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import { type Field, type SetupGuide, type Step, tableNotes } from './setupGuide.ts';

/**
 * Options of Athena's JDBC driver 3.x, which Metabase uses: results up to an hour old are reused. https://docs.aws.amazon.com/athena/latest/ug/jdbc-v3-driver-advanced-connection-parameters.html
 */
const REUSE = 'EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60';

/** How to connect Metabase: its Athena form, settings that keep Athena cheap, and questions. */
export function metabaseGuide(deployment: DeployedStack, config: Config, reader: MetabaseReader): SetupGuide {
  const identity = readerIdentity(deployment, reader);
  const { workgroup, resultsLocation } = readerQueries(deployment, config, reader);
  return {
    product: 'metabase',
    reader: reader.name,
    steps: [
      ...identitySteps(deployment, reader, identity),
      {
        title: 'Metabase: Admin settings > Databases > Add a database > Amazon Athena',
        fields: [
          { label: 'Display name', value: `Sluice (${deployment.stage})`, note: 'any name' },
          { label: 'Region', value: deployment.region },
          {
            label: 'Workgroup',
            value: workgroup,
            note: `${reader.workgroup === undefined ? 'its own' : 'of the configuration'}; it may not query in another`,
          },
          {
            label: 'S3 Staging directory',
            value: resultsLocation,
            note:
              reader.workgroup === undefined
                ? 'the workgroup enforces this location, whatever you enter'
                : 'it may read results nowhere else',
          },
          ...credentialFields(deployment, identity),
          { label: 'Additional Athena connection string options', value: driverOptions(deployment) },
        ],
        notes: [
          'Newer forms also have Catalog, Full hostname and Specific database. Leave them empty.',
          ...(deployment.localEndpoint === undefined
            ? []
            : ['Metabase must run on this machine, because the local cloud listens on loopback only.']),
        ],
      },
      settingsStep(config),
      {
        title:
          'Admin settings > Table Metadata, after the first sync: hide what people should not start from',
        notes: [
          `In ${config.database}, keep the views (${Object.keys(views(config)).join(', ')}) and hide the tables: raw rows include resends and staging traffic, and Metabase cannot read rows of ${config.tables.quarantine}. Also hide other databases of the account: Metabase lists them all.`,
          ...tableNotes(config),
        ],
      },
      {
        title: 'New > SQL query: queries to begin with',
        notes: ['Filter on ds in every view that has it. Otherwise the query reads all days.'],
        queries: readerQuestions(config),
      },
    ],
  };
}

function identitySteps(deployment: DeployedStack, reader: MetabaseReader, identity: ReaderIdentity): Step[] {
  if (identity.as === 'user') return [keysStep(deployment, identity.secretArn)];
  const { roleArn } = identity;
  const local = localRoleStep(deployment, roleArn);
  if (local !== undefined) return [local];
  const title = `Let Metabase run as the role ${roleArn}`;
  if (reader.principal === 'ec2')
    return [{ title, notes: ['Attach the instance profile with this role to its instance.'] }];
  if (reader.principal === 'ecs-tasks')
    return [{ title, notes: ['Set it as the task role (taskRoleArn) of its task definition.'] }];
  return [
    {
      title,
      notes: [`${reader.principal} assumes it. Configure that in the AWS profile of Metabase's process.`],
    },
  ];
}

function credentialFields({ localEndpoint }: DeployedStack, identity: ReaderIdentity): Field[] {
  if (identity.as === 'user') return keyFields(identity.secretArn, ['Access key', 'Secret Key']);
  const note =
    localEndpoint === undefined
      ? 'Metabase gets the role from its environment'
      : 'from the response of the call';
  return ['Access key', 'Secret Key'].map((label) => ({ label, value: '', note }));
}

/** With the local cloud, the driver fetches results through Athena's API, so that it needs no second endpoint. */
function driverOptions({ localEndpoint }: DeployedStack): string {
  return localEndpoint === undefined
    ? REUSE
    : `${REUSE};AthenaEndpoint=${localEndpoint};ResultFetcher=GetQueryResults`;
}

/** The number of text columns that the reader may read, and so the number of queries of a scan for filter values. */
function textColumns(config: Config): number {
  const readable = [...Object.values(forwardedTables(config)), ...Object.values(views(config))];
  return readable.flatMap(({ columns }) => columns.filter(({ type }) => type === 'string')).length;
}

/** Settings for the queries that Metabase makes by itself, most of which are not needed. */
function settingsStep(config: Config): Step {
  const texts = textColumns(config);
  const { usdPerTerabyte, leastBytes } = ATHENA_PRICE;
  return {
    title: 'In the same form: Show advanced options',
    fields: [
      {
        label: 'Re-run queries for simple explorations',
        value: 'OFF',
        note: 'otherwise each click runs a query before ds is filtered',
      },
      { label: 'Choose when Metabase syncs and scans', value: 'ON' },
      {
        label: 'Database syncing',
        value: `Daily, ${(config.dailyIngest.hour + 3) % 24}:00 UTC`,
        note: 'after the ingest and the exports of the day; columns change only with a deployment; a sync reads the catalog, no rows',
      },
      {
        label: 'Scanning for filter values',
        value: 'Only when adding a new filter widget',
        note: `a scheduled scan queries the values of each text column over all days: up to ${texts} queries`,
      },
      {
        label: 'Periodically refingerprint tables',
        value: 'OFF',
        note: 'reads 10,000 rows of each; a view must read all days before it returns the first',
      },
      {
        label: 'Default result cache duration',
        value: 'Custom: 24 hours for dashboards of past days',
        note: 'paid plans; otherwise Use instance default (TTL)',
      },
      {
        label: 'Include User ID and query hash in queries',
        value: 'OFF',
        note: 'in newer forms; with it, the SQL of two users differs, and no result is reused',
      },
    ],
    notes: [
      `Savings: Athena bills $${usdPerTerabyte} per terabyte read, and at least ${leastBytes / 1e6} MB per query. Each scan of ${texts} columns costs ${usd(texts * queryCost(0))} if there is almost nothing to read, ${usd(texts * queryCost(1e9))} if each column has 1 GB. The workgroup stops a query that reads more than ${config.athena.scanLimitGigabytes.toLocaleString('en-US')} GB (athena.scanLimitGigabytes).`,
    ],
  };
}
