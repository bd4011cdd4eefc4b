import { readerId } from '../../infra/readers/readers.ts';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { shellCommand } from '../../lib/base/text.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { localAccount } from '../../local/localAccount.ts';
import { sluiceCommand } from '../../observe/commands.ts';
import { ConnectError, type DeployedStack } from './readDeployment.ts';
import type { Field, Step } from './setupGuide.ts';

/** How a reader signs in: as a role, or as a user whose access keys are in a secret. */
export type ReaderIdentity =
  | { readonly as: 'role'; readonly roleArn: string }
  | { readonly as: 'user'; readonly secretArn: string };

/**
 * Reads the identity of a reader from the stack's outputs.
 *
 * @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED`
 */
export function readerIdentity({ outputs, stackName }: DeployedStack, reader: Reader): ReaderIdentity {
  const role = reader.kind !== 'owox' && reader.as === 'role';
  const name = readerId(reader, role ? 'RoleArn' : 'SecretArn');
  const value = outputs.get(name);
  if (value === undefined)
    throw new ConnectError(
      'SLUICE_CONNECT_NOT_DEPLOYED',
      `${stackName} has no output ${name} for reader ${reader.name}.`,
    );
  return role ? { as: 'role', roleArn: value } : { as: 'user', secretArn: value };
}

/** The two fields for access keys, with their labels in the product's form: members of the secret. */
export function keyFields(secret: string, [accessKey, secretKey]: readonly [string, string]): Field[] {
  const note = 'from the output of the command';
  return [
    { label: accessKey, value: 'accessKeyId', secret, note },
    { label: secretKey, value: 'secretAccessKey', secret, note },
  ];
}

/** How to read the access keys of a reader: only Secrets Manager has them. */
export function keysStep(deployment: DeployedStack, secretArn: string): Step {
  return {
    title: 'Read the access keys, where nobody can see your screen',
    commands: [
      awsCommand(deployment, [
        'secretsmanager',
        'get-secret-value',
        ...['--secret-id', secretArn],
        ...['--query', 'SecretString', '--output', 'text'],
      ]),
    ],
  };
}

/** How to get credentials of a role in the local cloud, where no product can assume it; undefined on AWS. */
export function localRoleStep({ localEndpoint }: DeployedStack, roleArn: string): Step | undefined {
  if (localEndpoint === undefined) return undefined;
  const body = JSON.stringify({ principal: roleArn });
  return {
    title: 'In the local cloud, no product can assume a role: get credentials of the role instead',
    commands: [shellCommand(['curl', '-X', 'POST', `${localEndpoint}/_sluice/credentials`, '-d', body])],
  };
}

/** Lists other data that a reader may read, and what others have to do; empty without `alsoReads` and `policies`. */
export function alsoReadsSteps(reader: Reader, target: readonly string[]): Step[] {
  const { alsoReads, policies } = reader;
  const foreign = foreignBuckets(reader);
  return [
    ...(alsoReads.length + policies.length === 0
      ? []
      : [
          {
            title: 'It may also read these tables: quote their names, "database"."table"',
            fields: alsoReads.map(({ database, tables, locations }) => ({
              label: database,
              value: tables === undefined ? 'all tables' : tables.join(', '),
              ...(locations.length === 0 ? {} : { note: locations.join(', ') }),
            })),
            notes: policies.map((arn) => `And what ${arn} allows, which Sluice does not read.`),
          },
        ]),
    ...(foreign.length === 0
      ? []
      : [
          {
            title:
              'Send the owners of these buckets the page that each command makes: they must allow the reader, too',
            fields: foreign.map(({ bucket, owner }) => ({ label: bucket, value: owner, note: 'account' })),
            commands: foreign.map(({ bucket }) => sluiceCommand(target, ['connect', 'owner', bucket])),
          },
        ]),
  ];
}

/** How to try a reader in the local cloud under the policy that is deployed for it; none on AWS. */
export function localPolicySteps({ localEndpoint }: DeployedStack): Step[] {
  if (localEndpoint === undefined) return [];
  return [
    {
      title: 'To try the reader under its real policy, start the local cloud with its policies enforced',
      commands: ['npm start -- --enforce-iam'],
      notes: [
        'The reader may then do only what its deployed policy allows, as on AWS, and is refused with the same errors. Without the option, the local cloud records what it would need and refuses nothing.',
      ],
    },
  ];
}

/** A command of the AWS CLI for the deployment; for the local cloud with its access keys. */
export function awsCommand({ region, localEndpoint }: DeployedStack, words: readonly string[]): string {
  const where = [
    '--region',
    region,
    ...(localEndpoint === undefined ? [] : ['--endpoint-url', localEndpoint]),
  ];
  const command = shellCommand(['aws', ...words, ...where]);
  if (localEndpoint === undefined) return command;
  const { accessKeyId, secretAccessKey } = localAccount;
  return `AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey} ${command}`;
}
