import type { Config } from '../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../lib/schema/fields/athena.ts';
import type { OwoxReader } from '../../lib/schema/readers.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import type { DeployedStack } from './readDeployment.ts';
import { awsCommand, keyFields, keysStep, readerIdentity } from './readerIdentity.ts';
import { type SetupGuide, type SqlSnippet, type Step, tableNotes } from './setupGuide.ts';

/** How to connect OWOX Data Marts: its Storage form, the workgroup that it uses, and data marts. */
export function owoxGuide(deployment: DeployedStack, config: Config, reader: OwoxReader): SetupGuide {
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
          ...(reader.existingResultsBucket
            ? ['The bucket is yours: results expire there only if you set it (docs/owox.md).']
            : []),
          'Then Save. OWOX tests the connection with SELECT 1, whose result goes to athena-check-access/ in that bucket.',
        ],
      },
      {
        title: 'Data Marts > + New Data Mart: choose this Storage, definition SQL, paste one of these',
        notes: [
          `Or use a view directly: definition View, ${plainName(config, 'product_events')}. Always include the database, because OWOX sends none, and filter on ds. Otherwise the query reads every day.`,
          `Views and tables that OWOX creates must be in the database ${reader.ownDatabase}. OWOX may not create any elsewhere.`,
          ...tableNotes(config),
        ],
        queries: owoxQuestions(config),
      },
    ],
  };
}

/** A name as people write it; quoted if it must be. */
function plainName({ database }: Pick<Config, 'database'>, view: string): string {
  return database.includes('-') ? qualifiedName({ database }, view) : `${database}.${view}`;
}

/** OWOX sends no workgroup, so its queries run in `primary`, whose settings belong to the account. */
function primaryStep(deployment: DeployedStack): Step {
  const words = ['athena', 'get-work-group', '--work-group', PRIMARY_WORKGROUP];
  const query = 'WorkGroup.Configuration.EnforceWorkGroupConfiguration';
  return {
    title: 'Check the workgroup primary, in which OWOX queries: this must print false',
    commands: [awsCommand(deployment, [...words, '--query', query])],
    notes: [
      'If it prints true, the workgroup decides where results go, and OWOX may not read them there. Clear "Override client-side settings" in the Athena console, or enforce it in another workgroup instead.',
      ...(deployment.localEndpoint === undefined
        ? []
        : [
            `OWOX has no field for another endpoint. Run it with AWS_ENDPOINT_URL set to ${deployment.localEndpoint}, which its AWS client uses.`,
          ]),
    ],
  };
}

/**
 * Data marts for OWOX, with rows that fit a spreadsheet. OWOX sends no database and puts a mart in parentheses after
 * FROM, so table names include the database and there is no semicolon at the end.
 */
export function owoxQuestions(config: Pick<Config, 'database'>): readonly SqlSnippet[] {
  const events = qualifiedName(config, 'product_events');
  const first = qualifiedName(config, 'first_exposures');
  const daily = qualifiedName(config, 'daily_exposures');
  const links = qualifiedName(config, 'unit_links');
  return [
    {
      name: 'Units by experiment, group and day',
      about: 'The number of users in each group of each experiment, by day, over the last 90 days.',
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
      about:
        'The number of events, the number of users and the total value of each event, over the last 90 days.',
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
        'One row for each user and experiment: the group, the day of the first exposure, and the events and value after it, over the last 90 days. Users who saw two groups are excluded.',
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
    {
      name: 'Devices with their users',
      about:
        'One row for each device (stable_id) that was seen with exactly one user, and that user with it alone: joins an experiment on devices with what users did.',
      sql: `SELECT
  unit_id AS stable_id,
  other_id AS user_id,
  first_seen,
  last_seen,
  days_seen
FROM ${links}
WHERE unit_type = 'stable_id'
  AND other_type = 'user_id'
  AND other_ids = 1
  AND unit_ids = 1
ORDER BY stable_id`,
    },
  ];
}
