import { type Config, PRIMARY_WORKGROUP } from '../../lib/schema/config.ts';
import type { OwoxReader } from '../../lib/schema/readers.ts';
import { sourceName } from '../../lib/views/View.ts';
import type { Deployment } from './readDeployment.ts';
import { awsCommand, keyFields, keysStep, readerIdentity } from './readerIdentity.ts';
import type { SetupGuide, SqlSnippet, Step } from './setupGuide.ts';

/** How to connect OWOX Data Marts: its Storage form, the workgroup that it uses, and three data marts. */
export function owoxGuide(deployment: Deployment, config: Config, reader: OwoxReader): SetupGuide {
  const identity = readerIdentity(deployment, reader);
  const secret = identity.as === 'user' ? identity.secretArn : '';
  return {
    product: 'owox',
    reader: reader.name,
    steps: [
      primaryStep(deployment),
      keysStep(deployment, secret),
      {
        title: 'OWOX Data Marts: Storages > + New Storage > AWS Athena',
        fields: [
          { label: 'Title', value: `Sluice (${deployment.stage})`, note: 'any name' },
          { label: 'Region', value: deployment.region },
          {
            label: 'Output Bucket',
            value: reader.resultsBucket,
            note: 'the name only, neither s3:// nor a folder',
          },
          ...keyFields(secret, ['Access Key ID', 'Secret Access Key']),
        ],
        notes: [
          'Then Save. OWOX tries the connection with SELECT 1, whose result goes to athena-check-access/ in that bucket.',
        ],
      },
      {
        title: 'Data Marts > + New Data Mart: choose this Storage, definition SQL, paste one of these',
        notes: [
          `Or take a view as it is: definition View, ${config.database}.product_events. Always name the database, as OWOX names none; and filter on ds, which is what keeps a query from reading every day.`,
          `Views and tables that OWOX makes itself belong into the database ${reader.ownDatabase}: nowhere else may it make any.`,
        ],
        queries: owoxQuestions(config),
      },
    ],
  };
}

/** OWOX names no workgroup, so it gets `primary`, whose settings are the account's own. */
function primaryStep(deployment: Deployment): Step {
  const words = ['athena', 'get-work-group', '--work-group', PRIMARY_WORKGROUP];
  const query = 'WorkGroup.Configuration.EnforceWorkGroupConfiguration';
  return {
    title: 'Look at the workgroup primary, in which OWOX asks: this must say false',
    commands: [awsCommand(deployment, [...words, '--query', query])],
    notes: [
      'Where it is true, results go where that workgroup says, which OWOX may not read: clear "Override client-side settings" in Athena\'s console, or enforce it in another workgroup instead.',
      ...(deployment.localEndpoint === undefined
        ? []
        : [
            `OWOX has no field for another endpoint: run it where AWS_ENDPOINT_URL is set to ${deployment.localEndpoint}, which its AWS client obeys.`,
          ]),
    ],
  };
}

/**
 * Three data marts for OWOX: rows that a spreadsheet takes as they are. OWOX names no database when it asks and puts
 * a mart in brackets behind FROM, so tables carry theirs and there is no semicolon at the end.
 */
export function owoxQuestions(config: Pick<Config, 'database'>): readonly SqlSnippet[] {
  const events = sourceName(config, 'product_events');
  const first = sourceName(config, 'first_exposures');
  const daily = sourceName(config, 'daily_exposures');
  return [
    {
      name: 'Units by experiment, group and day',
      about: 'How many users each group of each experiment had, day by day, over the last 90 days.',
      sql: `SELECT
  ds AS day,
  experiment_id,
  group_id,
  units AS users,
  exposures
FROM ${daily}
WHERE ds >= date_add('day', -90, current_date)
  AND unit_type = 'user_id'
  AND NOT is_gate
ORDER BY day, experiment_id, group_id`,
    },
    {
      name: 'Events by day and country',
      about: 'What happened how often, by how many users, and worth how much, over the last 90 days.',
      sql: `SELECT
  ds AS day,
  event_name,
  COALESCE(country, 'unknown') AS country,
  count(*) AS events,
  count(DISTINCT user_id) AS users,
  round(sum(value_number), 2) AS total_value
FROM ${events}
WHERE ds >= date_add('day', -90, current_date)
GROUP BY 1, 2, 3
ORDER BY day, events DESC, event_name`,
    },
    {
      name: 'Users with their groups and what they did since',
      about:
        'A row for each user and experiment: the group, since when, and events and value of the last 90 days after it. Who saw two groups is left out.',
      sql: `SELECT
  f.unit_id AS user_id,
  f.experiment_id,
  f.group_id,
  f.first_day,
  count(e.event_id) AS events,
  count_if(e.value_number IS NOT NULL) AS events_with_value,
  round(COALESCE(sum(e.value_number), 0), 2) AS total_value
FROM ${first} AS f
LEFT JOIN ${events} AS e
  ON e.user_id = f.unit_id
  AND e."timestamp" >= f.ts
  AND e.ds >= date_add('day', -90, current_date)
WHERE f.unit_type = 'user_id'
  AND NOT f.is_gate
  AND f.groups_seen = 1
GROUP BY 1, 2, 3, 4
ORDER BY experiment_id, group_id, user_id`,
    },
  ];
}
