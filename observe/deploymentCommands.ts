import { partName } from '../infra/template/Stack.ts';
import { shellCommand } from '../lib/base/text.ts';
import type { UtcDay } from '../lib/base/time.ts';
import type { ForwardedKind } from '../lib/schema/kinds.ts';
import { dayRanges } from '../lib/views/curatedDays.ts';
import { sluiceCommand } from './commands.ts';
import type { Deployment } from './deployment.ts';
import { deploymentOptions } from './target.ts';

/** Builders of commands for a person to run on one deployment. Each command can be pasted into a shell. */
export interface DeploymentCommands {
  /** Options of `sluice` that name the deployment. */
  readonly options: readonly string[];
  /** A command of the AWS CLI, from the words after `aws`. */
  readonly aws: (...words: readonly string[]) => string;
  /** Shows a log from a time on, to another one, epoch milliseconds. `logs tail` is in no version 1 of the AWS CLI. */
  readonly log: (group: string, from: number, to?: number) => string;
  /** A command of `sluice`, from the words after it. */
  readonly sluice: (...words: readonly string[]) => string;
  /** Brings back what is gone of days of a table: a command for each of the first {@link MOST_COMMANDS} ranges of days. */
  readonly restore: (table: string, days: readonly UtcDay[]) => readonly string[];
  /** Lists when each object of a folder of a bucket came and was deleted, with its version. */
  readonly versions: (bucket: string, folder: string) => string;
  /** About an object of `damaged/`: to look, then to delete it, or to have all read again. */
  readonly damaged: (key: string) => readonly string[];
  /** Accepts that raw files of days are gone: a command for each of the first {@link MOST_COMMANDS} days. `--drop`: a curated table lets their rows go. */
  readonly accept: (
    kind: ForwardedKind,
    days: readonly UtcDay[],
    ...more: readonly '--drop'[]
  ) => readonly string[];
  /** A call of the AWS CLI on a queue, by the queue's name. */
  readonly onQueue: (queue: string, call: string, ...words: readonly string[]) => string;
  /** A call of the local cloud's control API. */
  readonly control: (method: 'POST' | 'DELETE', name: string) => string;
  /** Asks the registrar for its daily run; the command finds the queue's address, which depends on the account. */
  readonly register: string;
}

/** Failed days, ranges of days and reasons that have a command. */
export const MOST_COMMANDS = 3;

/** Makes the commands of a deployment. */
export function deploymentCommands(
  { stack, localControl }: Pick<Deployment, 'stack' | 'localControl'>,
  region: string,
): DeploymentCommands {
  const endpoint = localControl === undefined ? {} : { endpoint: localControl };
  const target = [
    '--region',
    region,
    ...(localControl === undefined ? [] : ['--endpoint-url', localControl]),
  ];
  const options = deploymentOptions({
    stack,
    isLocal: localControl !== undefined,
    aws: { region, ...endpoint },
  });
  const aws = (...words: readonly string[]) => shellCommand(['aws', ...words, ...target]);
  const sluice = (...words: readonly string[]) => sluiceCommand(options, words);
  const onQueue = (queue: string, call: string, ...words: readonly string[]) => {
    const url = aws('sqs', 'get-queue-url', '--queue-name', queue, '--query', 'QueueUrl', '--output', 'text');
    return `${shellCommand(['aws', 'sqs', call, '--queue-url'])} "$(${url})" ${shellCommand([...words, ...target])}`;
  };
  return {
    options,
    aws,
    log(group: string, from: number, to?: number) {
      const end = to === undefined ? [] : ['--end-time', `${to}`];
      const span = ['--log-group-name', group, '--start-time', `${from}`, ...end];
      return aws('logs', 'filter-log-events', ...span, '--query', 'events[].[message]', '--output', 'text');
    },
    sluice,
    restore: (table: string, days: readonly UtcDay[]) =>
      dayRanges(days)
        .slice(0, MOST_COMMANDS)
        .map(({ from, to }) =>
          sluice('restore', '--table', table, '--from', from, ...(to === from ? [] : ['--to', to])),
        ),
    versions: (bucket: string, folder: string) => {
      const query = '[Versions,DeleteMarkers][].[Key,LastModified,VersionId,Size]';
      const where = ['--bucket', bucket, '--prefix', folder];
      return aws('s3api', 'list-object-versions', ...where, '--query', query, '--output', 'text');
    },
    damaged: (key: string) => [
      sluice('redrive', '--discard', key, '--dry-run'),
      sluice('redrive', '--discard', key),
      sluice('redrive', '--damaged'),
    ],
    accept: (kind: ForwardedKind, days: readonly UtcDay[], ...more: readonly '--drop'[]) =>
      days.slice(0, MOST_COMMANDS).map((day) => sluice('curate', 'accept', day, '--table', kind, ...more)),
    control: (method: 'POST' | 'DELETE', name: string) =>
      shellCommand(['curl', '-X', method, `${localControl}/_sluice/${name}`]),
    onQueue,
    register: onQueue(partName(stack, 'register'), 'send-message', '--message-body', '{"sluice":"daily"}'),
  };
}

/** CloudFormation deletes the change set after it was executed. */
const CHANGE_SET = 'sluice-repair';

/** The words after `aws` of the commands that make CloudFormation compare its template with the resources, and revert what differs. */
export function revertDriftWords(stackName: string): readonly (readonly string[])[] {
  const changeSet = ['--stack-name', stackName, '--change-set-name', CHANGE_SET];
  const shown = 'Changes[].ResourceChange.[Action,LogicalResourceId,PhysicalResourceId]';
  return [
    [
      'cloudformation',
      'create-change-set',
      ...changeSet,
      '--use-previous-template',
      '--deployment-mode',
      'REVERT_DRIFT',
      '--capabilities',
      'CAPABILITY_NAMED_IAM',
    ],
    ['cloudformation', 'wait', 'change-set-create-complete', ...changeSet],
    ['cloudformation', 'describe-change-set', ...changeSet, '--query', shown, '--output', 'table'],
    ['cloudformation', 'execute-change-set', ...changeSet],
  ];
}
