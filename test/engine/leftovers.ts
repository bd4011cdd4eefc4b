import { textOf } from '../harness/textOf.ts';
import { BUCKET, STACK, STAGE, type Stack } from './Stack.ts';

const PAGE_MS = 600_000;
const LIST_MS = 60_000;

/** What there is in the account, by the type of the resource: a command that prints names, separated by white space. */
const LISTS: Readonly<Record<string, string>> = {
  'S3::Bucket': "s3api list-buckets --query 'Buckets[].Name'",
  // A key that is to be deleted is not enabled. S3's own key, which the trial has S3 make, stays in every account: AWS says that it
  // is the manager, and LocalStack says it by the description alone.
  'KMS::Key':
    "kms list-keys --query 'Keys[].[KeyId]' --output text | xargs -rn1 aws kms describe-key --query 'KeyMetadata.Enabled && !starts_with(KeyMetadata.Description, `\"Default key that protects my S3\"`) && KeyMetadata.KeyId || `null`' --key-id",
  'Glue::Database': "glue get-databases --query 'DatabaseList[].Name'",
  'Glue::Table':
    "glue get-databases --query 'DatabaseList[].[Name]' --output text | xargs -rn1 aws glue get-tables --output text --query 'TableList[].Name' --database-name",
  'SecretsManager::Secret': "secretsmanager list-secrets --query 'SecretList[].Name'",
  'KinesisFirehose::DeliveryStream': 'firehose list-delivery-streams --query DeliveryStreamNames',
  'IAM::Role': "iam list-roles --query 'Roles[].RoleName'",
  'IAM::User': "iam list-users --query 'Users[].UserName'",
  // This service's client reads no AWS_ENDPOINT_URL.
  'SQS::Queue': 'sqs list-queues --endpoint-url "$AWS_ENDPOINT_URL" --query QueueUrls',
  'Lambda::Function': "lambda list-functions --query 'Functions[].FunctionName'",
  'Lambda::EventSourceMapping': "lambda list-event-source-mappings --query 'EventSourceMappings[].UUID'",
  'Events::Rule': "events list-rules --query 'Rules[].Name'",
  'Scheduler::Schedule': "scheduler list-schedules --query 'Schedules[].Name'",
  'CloudWatch::Alarm': "cloudwatch describe-alarms --query 'MetricAlarms[].AlarmName'",
  'Logs::LogGroup': "logs describe-log-groups --query 'logGroups[].logGroupName'",
};

/** What docs/remove.md says that stays: how many of each, with a Function URL and without a reader's own database. */
export const STAYS: Readonly<Record<string, number>> = {
  'S3::Bucket': 1,
  'KMS::Key': 1,
  'Glue::Database': 2,
  'SecretsManager::Secret': 1,
  'KinesisFirehose::DeliveryStream': 1,
  'IAM::Role': 1,
  // Exposures, events, quarantine, and the dataset's.
  'Glue::Table': 4,
};

/** What there is: names by type. @throws when a list can't be read. */
export async function listNames(stack: Stack): Promise<ReadonlyMap<string, readonly string[]>> {
  const lists = new Map<string, readonly string[]>();
  for (const [type, command] of Object.entries(LISTS)) {
    const { status, output } = await stack.run('bash', ['-c', `aws ${command} --output text`], LIST_MS);
    if (status !== 0) throw new Error(`${type}: ${output}`);
    lists.set(
      type,
      output.split(/\s+/).filter((name) => name !== '' && name !== 'None'),
    );
  }
  return lists;
}

/** Where what is there differs from how many of each type are expected, a line a type. */
export async function leftoverProblems(
  stack: Stack,
  expected: Readonly<Record<string, number>>,
): Promise<string> {
  return [...(await listNames(stack))]
    .filter(([type, names]) => names.length !== (expected[type] ?? 0))
    .map(([type, names]) => `${type}: ${expected[type] ?? 0} expected, found ${names.join(' ')}`)
    .join('\n');
}

/**
 * Runs the commands of docs/remove.md that contain a text, as a person would for this stack: with its names, and without the
 * doctor, which asks what LocalStack has not. What they print if they fail.
 *
 * @param flags `-c` to go on after a command that fails, as a person's shell does. Default: to stop.
 */
export async function runPage(stack: Stack, text: string, flags: '-c' | '-ec' = '-ec'): Promise<string> {
  const page = textOf('docs', 'remove.md');
  const blocks = [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block);
  const found = blocks.find((block) => block.includes(text));
  if (found === undefined) throw new Error(`docs/remove.md has no command ${text}.`);
  const commands = found
    .replaceAll('sluice-prod', STACK)
    .replaceAll('--stage prod', `--stage ${STAGE}`)
    .replaceAll('acme-experiments', BUCKET)
    .replaceAll(/^npx sluice doctor.*$/gm, '')
    .replaceAll('npx ', '')
    .replace('quarantine; do', 'quarantine acme_orders; do');
  const { status, output } = await stack.run('bash', [flags, commands], PAGE_MS);
  return status === 0 ? '' : output;
}
