import type { Config } from '../../lib/schema/config.ts';
import type { MetabaseReader } from '../../lib/schema/readers.ts';
import { forwardedTables } from '../../lib/tables/deliveredTables.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';
import { ATHENA_PRICE, queryCost, usd } from '../../observe/prices.ts';
import { type DeployedStack, readerQueries } from './readDeployment.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import { type Field, type SetupGuide, type SqlSnippet, type Step, tableNotes } from './setupGuide.ts';

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
        title: 'New > SQL query: three queries to begin with',
        notes: ['Filter on ds in every view that has it. Otherwise the query reads all days.'],
        queries: metabaseQuestions(config),
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

/** Questions for Metabase's SQL editor: New > SQL query. */
export function metabaseQuestions(config: Pick<Config, 'database'>): readonly SqlSnippet[] {
  const events = qualifiedName(config, 'product_events');
  const first = qualifiedName(config, 'first_exposures');
  const daily = qualifiedName(config, 'daily_exposures');
  const links = qualifiedName(config, 'unit_links');
  return [
    {
      name: 'Exposed users by day and group',
      about: 'Line chart with one line for each group: the users exposed on each day. Reads 30 days.',
      sql: `SELECT
  ds,
  experiment_id || ' / ' || group_id AS experiment_group,
  units AS users
FROM ${daily}
WHERE ds >= date_add('day', -30, current_date)
  AND unit_type = 'user_id'
  AND NOT is_gate
ORDER BY ds, experiment_group`,
    },
    {
      name: 'Split and crossovers',
      about:
        'Table: whether users are split as planned, and how many saw more than one group (analyses exclude these users). Reads all days, because only all days together show which exposure was first.',
      sql: `SELECT
  experiment_id,
  group_id,
  count(*) AS users,
  round(1e2 * count(*) / sum(count(*)) OVER (PARTITION BY experiment_id), 2) AS share_percent,
  count_if(groups_seen > 1) AS crossovers
FROM ${first}
WHERE unit_type = 'user_id'
  AND NOT is_gate
GROUP BY experiment_id, group_id
ORDER BY experiment_id, group_id`,
    },
    {
      name: 'Conversion by group',
      about:
        "Table: users of the last 30 days who bought after they saw their group, and the revenue. Replace 'purchase' with your own event.",
      sql: `WITH purchases AS (
  SELECT user_id, "timestamp", value_number
  FROM ${events}
  WHERE ds >= date_add('day', -30, current_date)
    AND event_name = 'purchase'
)
SELECT
  f.experiment_id,
  f.group_id,
  count(DISTINCT f.unit_id) AS users,
  count(DISTINCT p.user_id) AS buyers,
  round(1e2 * count(DISTINCT p.user_id) / count(DISTINCT f.unit_id), 2) AS conversion_percent,
  round(COALESCE(sum(p.value_number), 0), 2) AS revenue
FROM ${first} AS f
LEFT JOIN purchases AS p
  ON p.user_id = f.unit_id
  AND p."timestamp" >= f.ts
WHERE f.unit_type = 'user_id'
  AND NOT f.is_gate
  AND f.groups_seen = 1
  AND f.first_day >= date_add('day', -30, current_date)
GROUP BY f.experiment_id, f.group_id
ORDER BY f.experiment_id, f.group_id`,
    },
    {
      name: 'Conversion by group of devices',
      about:
        'Table: the same for an experiment that assigns devices (stable_id) while purchases know the user. Devices and users that were seen with several others are left out. Replace the names with your own.',
      sql: `WITH purchases AS (
  SELECT user_id, "timestamp", value_number
  FROM ${events}
  WHERE ds >= date_add('day', -30, current_date)
    AND event_name = 'purchase'
),
devices AS (
  SELECT unit_id AS stable_id, other_id AS user_id
  FROM ${links}
  WHERE unit_type = 'stable_id'
    AND other_type = 'user_id'
    AND other_ids = 1
    AND unit_ids = 1
)
SELECT
  f.group_id,
  count(DISTINCT f.unit_id) AS devices,
  count(DISTINCT d.user_id) AS known_users,
  count(DISTINCT p.user_id) AS buyers,
  round(COALESCE(sum(p.value_number), 0), 2) AS revenue
FROM ${first} AS f
LEFT JOIN devices AS d
  ON d.stable_id = f.unit_id
LEFT JOIN purchases AS p
  ON p.user_id = d.user_id
  AND p."timestamp" >= f.ts
WHERE f.unit_type = 'stable_id'
  AND NOT f.is_gate
  AND f.experiment_id = 'checkout_button'
  AND f.groups_seen = 1
GROUP BY f.group_id
ORDER BY f.group_id`,
    },
  ];
}
