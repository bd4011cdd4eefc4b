import { readerId } from '../../infra/readers/readers.ts';
import type { Reader } from '../../lib/schema/readers.ts';
import { localAccount } from '../../local/localAccount.ts';
import { shellCommand } from '../output.ts';
import { ConnectError, type Deployment } from './readDeployment.ts';
import type { Field, Step } from './setupGuide.ts';

/** As what a reader comes in: a role by its ARN, or the user whose access keys are in a secret. */
export type ReaderIdentity =
  | { readonly as: 'role'; readonly roleArn: string }
  | { readonly as: 'user'; readonly secretArn: string };

/**
 * What the stack's outputs say of a reader.
 *
 * @throws ConnectError `SLUICE_CONNECT_NOT_DEPLOYED`
 */
export function readerIdentity({ outputs, stackName }: Deployment, reader: Reader): ReaderIdentity {
  const role = reader.kind !== 'owox' && reader.as === 'role';
  const name = readerId(reader, role ? 'RoleArn' : 'SecretArn');
  const value = outputs.get(name);
  if (value === undefined)
    throw new ConnectError(
      'SLUICE_CONNECT_NOT_DEPLOYED',
      `${stackName} has no output ${name}, which reader ${reader.name} has.`,
    );
  return role ? { as: 'role', roleArn: value } : { as: 'user', secretArn: value };
}

/** The two fields of access keys by their names in the product's form: members of the secret. */
export function keyFields(secret: string, [accessKey, secretKey]: readonly [string, string]): Field[] {
  const note = 'of what the command shows';
  return [
    { label: accessKey, value: 'accessKeyId', secret, note },
    { label: secretKey, value: 'secretAccessKey', secret, note },
  ];
}

/** How to look up the access keys of a reader: they stand in Secrets Manager and nowhere else. */
export function keysStep(deployment: Deployment, secretArn: string): Step {
  return {
    title: 'Read the access keys, where nobody looks over your shoulder',
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

/** How to get credentials of a role in the local cloud, which nobody assumes there; undefined on AWS. */
export function localRoleStep({ localEndpoint }: Deployment, roleArn: string): Step | undefined {
  if (localEndpoint === undefined) return undefined;
  const body = JSON.stringify({ principal: roleArn });
  return {
    title: 'Here, in the local cloud, nobody assumes a role: take credentials of it instead',
    commands: [shellCommand(['curl', '-X', 'POST', `${localEndpoint}/_sluice/credentials`, '-d', body])],
  };
}

/** A command of the AWS CLI for where the deployment is, with the local cloud's keys where it is local. */
export function awsCommand({ region, localEndpoint }: Deployment, words: readonly string[]): string {
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
