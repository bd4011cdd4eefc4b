import type { Config } from '../../lib/schema/config.ts';
import type { GrowthBookReader } from '../../lib/schema/readers.ts';
import { unitColumnNames } from '../../lib/views/unitTypes.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { type DeployedStack, readerQueries } from './readDeployment.ts';
import { keyFields, keysStep, localRoleStep, type ReaderIdentity, readerIdentity } from './readerIdentity.ts';
import type { Field, SetupGuide, SqlSnippet, Step } from './setupGuide.ts';

/** How to connect GrowthBook: its Athena form, identifier types, assignment queries and a fact table. */
export function growthbookGuide(
  deployment: DeployedStack,
  config: Config,
  reader: GrowthBookReader,
): SetupGuide {
  const identity = readerIdentity(deployment, reader);
  const { workgroup, resultsLocation } = readerQueries(deployment, config, reader);
  const units = unitColumnNames(config);
  return {
    product: 'growthbook',
    reader: reader.name,
    steps: [
      ...identitySteps(deployment, reader, identity),
      {
        title: 'GrowthBook: Metrics and Data > Data Sources > Add Data Source > Custom > AWS Athena',
        fields: [
          ...credentialFields(deployment, identity, reader),
          { label: 'AWS Region', value: deployment.region },
          {
            label: 'Workgroup',
            value: workgroup,
            note: `${reader.workgroup === undefined ? 'its own' : 'of the configuration'}; it may not query in another`,
          },
          { label: 'Default Catalog', value: 'AwsDataCatalog', note: 'GrowthBook needs it to show columns' },
          { label: 'Default Database', value: config.database },
          {
            label: 'S3 Results URL',
            value: resultsLocation,
            note:
              reader.workgroup === undefined
                ? 'the workgroup enforces this location and its encryption, whatever you enter'
                : 'it may read results nowhere else',
          },
        ],
        ...(deployment.localEndpoint === undefined
          ? {}
          : {
              notes: [
                `GrowthBook must run on this machine, with AWS_ENDPOINT_URL_ATHENA=${deployment.localEndpoint} in its environment.`,
              ],
            }),
      },
      {
        title: 'The data source > Identifier Types: add one for each unit that experiments assign',
        fields: units.map((unit) => ({ label: 'Identifier Type', value: unit })),
      },
      {
        title: 'The data source > Experiment Assignment Queries: one for each identifier type',
        notes: ['Experiments of all protocols are in it. Edit it, if GrowthBook should see some only.'],
        queries: assignmentQueries(config),
      },
      {
        title:
          'Metrics and Data > Fact Tables > Add Fact Table: all events, with a row filter on event_name for a metric',
        queries: [factTable(config)],
      },
    ],
  };
}

function identitySteps(
  deployment: DeployedStack,
  reader: GrowthBookReader,
  identity: ReaderIdentity,
): Step[] {
  if (identity.as === 'user') return [keysStep(deployment, identity.secretArn)];
  const { roleArn } = identity;
  const local = localRoleStep(deployment, roleArn);
  if (local !== undefined) return [local];
  if (reader.principal === 'ec2')
    return [
      { title: `Run GrowthBook as the role ${roleArn}`, notes: ['Attach the instance profile with it.'] },
    ];
  if (reader.principal === 'ecs-tasks')
    return [{ title: `Run GrowthBook as the role ${roleArn}`, notes: ['Set it as the task role.'] }];
  return [{ title: `Run GrowthBook as ${reader.principal}`, notes: [`It assumes the role ${roleArn}.`] }];
}

function credentialFields(
  { localEndpoint }: DeployedStack,
  identity: ReaderIdentity,
  { principal, externalId }: GrowthBookReader,
): Field[] {
  const method = (value: string) => ({
    label: 'Authentication Method',
    value,
    note: 'GrowthBook Cloud has one only',
  });
  if (identity.as === 'user')
    return [method('AWS access key'), ...keyFields(identity.secretArn, ['AWS Access Key', 'Access Secret'])];
  if (localEndpoint !== undefined || principal?.startsWith('arn:') !== true)
    return [method('Auto-discovery')];
  return [
    method('Assume IAM Role'),
    { label: 'AWS IAM Role ARN', value: identity.roleArn },
    {
      label: 'External ID',
      value: externalId ?? '',
      note: externalId === undefined ? 'none' : 'of the configuration',
    },
  ];
}

/** The day from which GrowthBook needs rows: it fills in the beginning of the experiment or metric. */
const FROM_START = `ds >= CAST(substr('{{startDate}}', 1, 10) AS date)`;

/** A query of who saw which variation, for each type of units. GrowthBook replaces `{{startDate}}`. */
export function assignmentQueries(config: Pick<Config, 'database' | 'unitIds'>): readonly SqlSnippet[] {
  return unitColumnNames(config).map((unit) => ({
    name: `Assignments of ${unit}`,
    about:
      'Exposures that put a unit in a group, in production, without resends. Gates of Statsig are left out.',
    sql: `SELECT
  ${unit},
  "timestamp",
  experiment_id,
  group_id AS variation_id,
  experiment_id AS experiment_name,
  COALESCE(group_name, group_id) AS variation_name
FROM ${qualifiedName(config, 'experiment_exposures')}
WHERE ${FROM_START}
  AND ${unit} IS NOT NULL
  AND NOT held_out
  AND exposure_type <> 'gate'`,
  }));
}

/** A fact table of all events. GrowthBook replaces `{{startDate}}`. */
export function factTable(config: Pick<Config, 'database' | 'unitIds'>): SqlSnippet {
  return {
    name: 'Events',
    about:
      'Events of the product, in production, without resends. value is the number of an event, for means and sums.',
    sql: `SELECT
  ${unitColumnNames(config).join(',\n  ')},
  "timestamp",
  event_name,
  value_number AS value
FROM ${qualifiedName(config, 'product_events')}
WHERE ${FROM_START}`,
  };
}
