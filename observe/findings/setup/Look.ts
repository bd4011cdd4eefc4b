import { revertDriftWords } from '../../deploymentCommands.ts';
import { type Unread, whyUnread } from '../../facts/askAws.ts';
import type { Setup, SetupFacts } from '../../facts/setup/Setup.ts';
import { type Finding, type FindingCode, finding } from '../catalogue.ts';

/** What has to be there before other facts can be read. */
export type Ground = 'stack' | 'bucket' | 'database';

/** One thing that the doctor looks at: facts are read, and judged afterwards. */
export interface Look {
  /** e.g. `bucket-settings`. */
  readonly name: string;
  /** The condition that holds without a finding: one line for the list and for docs/reference/findings.md. */
  readonly expects: string;
  readonly needs: readonly Ground[];
  /** What is missing after a problem of this look. */
  readonly ground?: Ground;
  /** Finds nothing if everything is as expected. */
  find(setup: Setup): Promise<readonly Finding[]>;
}

interface LookOf<Fact> extends Omit<Look, 'find'> {
  /** Facts are judged one by one: one that cannot be read is a finding, and the others are judged. */
  read(setup: Setup): readonly Promise<Fact>[] | Promise<readonly Promise<Fact>[]>;
  /** Reads nothing. */
  judge(fact: Fact, facts: SetupFacts): Iterable<Finding>;
}

/** Makes a look of how its facts are read and judged. */
export function look<Fact>({ read, judge, ...about }: LookOf<Fact>): Look {
  return {
    ...about,
    async find(setup) {
      try {
        const facts = await Promise.allSettled(await read(setup));
        return facts.flatMap((fact) =>
          fact.status === 'fulfilled' ? [...judge(fact.value, setup)] : [unreadFinding(fact.reason)],
        );
      } catch (error) {
        return [unreadFinding(error)];
      }
    },
  };
}

const CODES: Readonly<Record<Unread['reason'], FindingCode>> = {
  unreadable: 'SLUICE_FINDING_UNREADABLE',
  denied: 'SLUICE_FINDING_UNREADABLE',
  unchecked: 'SLUICE_FINDING_UNCHECKED',
  missing: 'SLUICE_FINDING_RESOURCE_MISSING',
  configuration: 'SLUICE_FINDING_CONFIGURATION',
  credentials: 'SLUICE_FINDING_CREDENTIALS',
  region: 'SLUICE_FINDING_REGION_UNFIT',
  bucket: 'SLUICE_FINDING_BUCKET_UNFIT',
};

/** Why a fact could not be read, as a finding. @throws as {@link whyUnread}. */
export function unreadFinding(error: unknown): Finding {
  const { reason, detail, commands } = whyUnread(error);
  return finding(CODES[reason], detail, commands);
}

/**
 * Commands that make CloudFormation recreate what was deleted manually and revert what was changed manually: they create a
 * change set that compares the template with the resources, show it, and execute it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
 *
 * @param logicalId What is missing or differs. No commands if the stack does not have it: then a deployment creates it. No
 *   commands for the local cloud either, which recreates everything when it starts.
 */
export function revertCommands(
  { isLocal, resources, stackName, say }: Pick<SetupFacts, 'isLocal' | 'resources' | 'stackName' | 'say'>,
  logicalId: string,
): readonly string[] {
  if (isLocal || !resources.has(logicalId)) return [];
  return revertDriftWords(stackName).map((words) => say.aws(...words));
}
