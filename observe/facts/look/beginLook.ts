import { isOfKey, unreadKind } from '../../answerKinds.ts';
import type { AskPart, Deployment, Queue } from '../../deployment.ts';
import { whyUnread } from '../../explainAwsError.ts';
import { type DayCounts, readDayCounts } from '../flow/changes.ts';
import { type LocalState, readLocalState } from '../flow/localCloud.ts';
import { type ReadStack, readStack, requireOutput, type StackOutputs } from '../flow/stackOutputs.ts';
import type { UnreadPart } from '../statusFacts.ts';

/** A look at a deployment: what several parts are read by, and which could not be read. */
export interface Look {
  /** The deployment. It notes damaged entries of the ledger and the queues that are read. */
  readonly deployment: Deployment;
  /** The stack; rejects if CloudFormation does not tell it. */
  readonly deployed: Promise<ReadStack>;
  /** The outputs of the stack; rejects as `deployed`. */
  readonly outputs: Promise<StackOutputs>;
  /** The collector's counts of 24 hours and of the days before; rejects if CloudWatch does not tell them. */
  readonly day: Promise<DayCounts>;
  /** The state of the local cloud; undefined of a deployment. */
  readonly local: LocalState | undefined;
  /** Reads one part. */
  readonly ask: AskPart;
  /** Reads the log of a function, by the function's name. */
  readonly askLog: AskPart;
  /** The parts that could not be read until now. */
  readonly unread: readonly UnreadPart[];
  /** Keys of the ledger's objects that were read until now and have no valid entry. */
  readonly damagedKeys: ReadonlySet<string>;
  /** The queues that were read until now, by their names without the stack's. */
  readonly queues: ReadonlyMap<string, Queue>;
}

/**
 * Begins a look at a deployment.
 *
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function beginLook(given: Deployment): Promise<Look> {
  const damagedKeys = new Set<string>();
  const queues = new Map<string, Queue>();
  const deployment: Deployment = {
    ...given,
    onDamaged: (key) => void damagedKeys.add(key),
    onQueue: (part, queue) => void queues.set(part, queue),
  };
  const unread: UnreadPart[] = [];
  const askAs = async <Answer>(
    part: string,
    question: (deployment: Deployment) => Promise<Answer>,
    log: string | null,
  ): Promise<Answer | null> => {
    try {
      return await question(deployment);
    } catch (error) {
      const why = whyUnread(error);
      unread.push({ part, why, kind: unreadKind(error), log, isByKey: isOfKey(why) });
      return null;
    }
  };
  const local = await readLocalState(deployment);
  const deployed = readStack(deployment);
  const outputs = deployed.then((stack) => stack.outputs);
  const day = readDayCounts(deployment);
  // The parts that need these report their failure.
  for (const needed of [deployed, outputs, day]) needed.catch(() => undefined);
  return {
    deployment,
    deployed,
    outputs,
    day,
    local,
    ask: (part, question) => askAs(part, question, null),
    askLog: (name, question) => askAs(`the log of ${name}`, question, name),
    unread,
    damagedKeys,
    queues,
  };
}

/** The name of the stream of landing. @throws What CloudFormation's client throws; ObserveError `SLUICE_OBSERVE_OUTPUT_MISSING`. */
export async function streamOf({ outputs }: Pick<Look, 'outputs'>): Promise<string> {
  return requireOutput(await outputs, 'LandingStreamName');
}

/** The answers of parts that were asked at once, by part. */
export async function answersOf<Asked extends object>(
  asked: Asked,
): Promise<{ readonly [Part in keyof Asked]: Awaited<Asked[Part]> }> {
  const answers = Object.entries(asked).map(async ([part, answer]) => [part, await answer]);
  return Object.fromEntries(await Promise.all(answers));
}
