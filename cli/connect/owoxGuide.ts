import type { Config } from '../../lib/schema/config.ts';
import { PRIMARY_WORKGROUP } from '../../lib/schema/fields/athena.ts';
import type { OwoxReader } from '../../lib/schema/readers.ts';
import { qualifiedName } from '../../lib/views/View.ts';
import { readerQuestions } from './questions.ts';
import type { DeployedStack } from './readDeployment.ts';
import { awsCommand, keyFields, keysStep, readerIdentity } from './readerIdentity.ts';
import { type SetupGuide, type Step, tableNotes } from './setupGuide.ts';

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
        queries: readerQuestions(config),
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
