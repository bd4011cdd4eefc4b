import { createHash } from 'node:crypto';
import type { PolicyDocument, Statement } from '../policyDocument.ts';

/**
 * The version of Sluice in which each printed document last changed, by `<target>/<document>`. A test holds a hash of each
 * document for each version: test/fixtures/policyHashes.json.
 */
export const POLICY_VERSIONS = {
  'statsig-role/permissions': '0.3.0',
  'statsig-role/trust': '0.2.0',
  'statsig-role/alsoPermissions': '0.3.0',
  'statsig-role/keyPolicy': '0.3.0',
  'statsig-user/permissions': '0.3.0',
  'statsig-user/alsoPermissions': '0.3.0',
  'statsig-user/keyPolicy': '0.3.0',
  'owox/permissions': '0.2.0',
  'owox/alsoPermissions': '0.3.0',
  'metabase/permissions': '0.2.0',
  'metabase/alsoPermissions': '0.3.0',
  'metabase/trust': '0.2.0',
  'metabase-write/permissions': '0.2.0',
  'metabase-write/alsoPermissions': '0.3.0',
  'metabase-write/writePermissions': '0.2.0',
  'growthbook/permissions': '0.3.0',
  'growthbook/alsoPermissions': '0.3.0',
  'growthbook/trust': '0.3.0',
  'ingest-source/bucketPolicy': '0.3.0',
  'ingest-source/keyPolicy': '0.3.0',
  'ingest-source/callerPolicy': '0.3.0',
  'ingest-source/rolePermissions': '0.3.0',
  'ingest-source/roleTrust': '0.3.0',
  'export-target/bucketPolicy': '0.3.0',
  'export-target/keyPolicy': '0.3.0',
  'export-target/callerPolicy': '0.3.0',
  'export-target/rolePermissions': '0.3.0',
  'export-target/roleTrust': '0.3.0',
  'statsig-bucket/bucketPolicy': '0.3.0',
  'deploy/stackPermissions': '0.3.0',
  'deploy/monitoringPermissions': '0.3.0',
  'deploy/dataPermissions': '0.3.0',
  'deploy/catalogPermissions': '0.3.0',
  'deploy/readersPermissions': '0.2.0',
  'deploy/platformPermissions': '0.3.0',
  'probe/permissions': '0.3.0',
  'erase/permissions': '0.3.0',
} as const;

/** `<target>/<document>` of a printed document. */
export type PolicyId = keyof typeof POLICY_VERSIONS;

/** Says which printed document a policy was made from. It is part of the policy, so that it can be read back. */
export interface PolicyMark {
  readonly id: PolicyId;
  /** Version of Sluice in which the document last changed: `0.3.0`. */
  readonly version: string;
  /** Hash of the content that the configuration alone determines: 8 hex digits. */
  readonly hash: string;
}

const HASH_LENGTH = 8;

/**
 * Hash of a document's content, marks apart: 8 hex digits. The order of statements, actions and resources does not matter,
 * as it does not matter to IAM.
 */
export function policyHash({ Statement: statements }: PolicyDocument): string {
  const texts = withoutMarks(statements).map((one) => JSON.stringify(canonical(one)));
  return createHash('sha256').update(JSON.stringify(texts.sort())).digest('hex').slice(0, HASH_LENGTH);
}

/** A JSON value with the members of objects and the items of lists sorted. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(canonical).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, canonical(member)]),
  );
}

/**
 * Adds a mark to the ID of a document's first statement: `StackSluiceDeployStackPermissions0v3v0h1a2b3c4d`. IAM allows
 * letters and digits there, and refuses the `Id` of a document except in the policy of a resource, which gets both:
 * statements are often copied into a policy that exists.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
 */
export function markPolicy(document: PolicyDocument, mark: PolicyMark): PolicyDocument {
  const [first, ...rest] = document.Statement;
  if (first === undefined) return document;
  const Sid = `${first.Sid}Sluice${pascalCase(mark.id)}${mark.version.replaceAll('.', 'v')}h${mark.hash}`;
  const isOfResource = /\/(bucket|key)Policy$/.test(mark.id);
  return {
    Version: document.Version,
    ...(isOfResource ? { Id: `sluice/${mark.id}/${mark.version}/${mark.hash}` } : {}),
    Statement: [{ ...first, Sid }, ...rest],
  };
}

const MARK = /^(.*?)Sluice([A-Za-z]+)(\d+v\d+v\d+)h([0-9a-f]{8})$/;

/** The mark in the ID of a statement; undefined without one. */
export function readMark(sid: string): PolicyMark | undefined {
  const [, , name, version = '', hash = ''] = MARK.exec(sid) ?? [];
  const id = POLICY_IDS.find((one) => pascalCase(one) === name);
  return id === undefined ? undefined : { id, version: version.replaceAll('v', '.'), hash };
}

const POLICY_IDS = Object.keys(POLICY_VERSIONS).filter((name): name is PolicyId => name in POLICY_VERSIONS);

/** `DeployStackPermissions` of `deploy/stackPermissions`. */
function pascalCase(id: string): string {
  return id
    .split(/[/-]/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('');
}

/** Statements with their IDs as they are without marks. */
export function withoutMarks<One extends Pick<Statement, 'Sid'>>(statements: readonly One[]): readonly One[] {
  return statements.map((one) => ({ ...one, Sid: MARK.exec(one.Sid)?.[1] ?? one.Sid }));
}
