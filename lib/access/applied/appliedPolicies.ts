import { createHash } from 'node:crypto';
import type { Config } from '../../schema/config.ts';
import type { PolicyDocument } from '../policyDocument.ts';
import {
  type KnownNames,
  type PolicyTarget,
  type PrintedPolicy,
  printedPolicies,
} from '../printedPolicies.ts';
import { withoutMarks } from './policyMark.ts';
import type { PolicyRecord } from './policyRecords.ts';

/** The printed policies for one target that somebody applies by hand. */
export interface AppliedPolicy {
  /** `deploy`, `ingest-source/acme`: by which it is confirmed. */
  readonly name: string;
  readonly target: PolicyTarget;
  /** Which reader, source or export it is for. */
  readonly of: Pick<KnownNames, 'reader' | 'source' | 'export'>;
  /** Whether the deployment cannot do its work before somebody has applied it: the policies of customers. */
  readonly isNeeded: boolean;
}

/** Everything that somebody may apply by hand for a configuration. The stack itself applies the policies of configured readers. */
export function appliedPolicies({
  readers,
  sources,
  exports,
  statsigBucket,
}: Config): readonly AppliedPolicy[] {
  const alone = (target: PolicyTarget): AppliedPolicy => ({ name: target, target, of: {}, isNeeded: false });
  const ofReaders = (target: PolicyTarget, kind: string): AppliedPolicy[] => {
    const some = readers.filter((reader) => reader.kind === kind);
    if (some.length === 0) return [alone(target)];
    return some.map(({ name: reader }) => ({
      ...{ name: `${target}/${reader}`, target, of: { reader }, isNeeded: false },
    }));
  };
  return [
    alone('deploy'),
    alone('probe'),
    alone('erase'),
    // A bucket without an owner is the stack's own, which needs none.
    ...sources.flatMap(({ name: source, owner }): AppliedPolicy[] =>
      owner === undefined
        ? []
        : [{ name: `ingest-source/${source}`, target: 'ingest-source', of: { source }, isNeeded: true }],
    ),
    ...exports.flatMap(({ name, target: { owner } }): AppliedPolicy[] =>
      owner === undefined
        ? []
        : [
            {
              ...{ name: `export-target/${name}`, target: 'export-target' },
              ...{ of: { export: name }, isNeeded: true },
            },
          ],
    ),
    ...(statsigBucket?.existing === true ? [alone('statsig-bucket')] : []),
    ...ofReaders('statsig-role', 'statsig'),
    ...ofReaders('statsig-user', 'statsig'),
    ...ofReaders('owox', 'owox'),
    ...ofReaders('metabase', 'metabase'),
    ...ofReaders('metabase-write', 'metabase'),
    ...ofReaders('growthbook', 'growthbook'),
  ];
}

/**
 * The documents of an applied policy as this version prints them. Without the policy of the caller: that is the stack's own
 * role, which the stack keeps up to date.
 *
 * @param known Default: only what the configuration has; the rest are placeholders.
 */
export function appliedDocuments(
  { target, of }: AppliedPolicy,
  config: Config,
  known: Pick<KnownNames, 'stack' | 'account'> & { readonly region?: string },
): readonly PrintedPolicy[] {
  const names = { region: config.region, ...known, ...of };
  return printedPolicies(target, config, names).filter(({ name }) => name !== 'callerPolicy');
}

/** One hash of all documents of an applied policy: 8 hex digits. */
export function documentsHash(documents: readonly Pick<PrintedPolicy, 'name' | 'hash'>[]): string {
  const lines = documents.map(({ name, hash }) => `${name} ${hash}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 8);
}

/** The record of documents that were applied. */
export function recordDocuments(documents: readonly PrintedPolicy[]): PolicyRecord['documents'] {
  return Object.fromEntries(
    documents.map(({ name, version, hash, document }) => [
      name,
      { version, hash, statements: plainStatements(document) },
    ]),
  );
}

/** Statements without marks, as JSON. */
function plainStatements({ Statement: statements }: PolicyDocument) {
  return withoutMarks(statements).map((one) => ({ ...one }));
}
