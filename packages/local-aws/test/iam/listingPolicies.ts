import fc from 'fast-check';

/** The role that lists the bucket `acme`. */
export const ROLE = 'arn:aws:iam::000000000000:role/export';

/** A condition of a statement, and whether it holds for the role's call over TLS, by the prefix of the call. */
interface KnownCondition {
  /** As policies have it. */
  readonly condition: object;
  /** Whether it holds for a prefix. */
  readonly holds: (prefix: string | undefined) => boolean;
}

/** Prefixes of calls: the first two match `events/*` and `metrics/*`. */
export const PREFIXES = ['events/', 'metrics/x', undefined] as const;

/** Conditions of statements. */
const CONDITIONS: readonly KnownCondition[] = [
  { condition: {}, holds: () => true },
  {
    condition: { StringLike: { 's3:prefix': ['events/*', 'metrics/*'] } },
    holds: (prefix) => prefix !== undefined,
  },
  { condition: { StringNotLike: { 's3:prefix': 'events/*' } }, holds: (prefix) => prefix !== 'events/' },
  {
    condition: { StringEqualsIfExists: { 's3:prefix': 'events/' } },
    holds: (prefix) => prefix === undefined || prefix === 'events/',
  },
  {
    condition: { StringEquals: { 's3:Prefix': 'events/' }, Bool: { 'aws:SecureTransport': 'true' } },
    holds: (prefix) => prefix === 'events/',
  },
  { condition: { Bool: { 'aws:SecureTransport': 'false' } }, holds: () => false },
  { condition: { Null: { 's3:prefix': 'true' } }, holds: (prefix) => prefix === undefined },
  { condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/ex*' } }, holds: () => true },
  { condition: { ArnNotEquals: { 'aws:PrincipalArn': ROLE } }, holds: () => false },
];

/** A statement of a policy about the bucket `acme`. */
export interface ListingStatement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
  /** Only of a bucket's policy. */
  readonly Principal?: unknown;
}

/** Whether a statement is about a call that lists the bucket with a prefix. */
export function applies(
  { Action, Resource, Condition }: ListingStatement,
  prefix: string | undefined,
): boolean {
  const known = CONDITIONS.find(({ condition }) => condition === Condition);
  return (
    [Action]
      .flat()
      .some((action) => ['s3:*', 's3:ListBucket', 's3:listbucket', 's3:List*'].includes(action)) &&
    [Resource]
      .flat()
      .some((resource) => ['*', 'arn:aws:s3:::acme', 'arn:aws:s3:::a?me'].includes(resource)) &&
    (Condition === undefined || known?.holds(prefix) === true)
  );
}

/** Statements of a role's policy. */
export const identityStatement = fc.record(
  {
    Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    Action: fc.constantFrom('s3:*', 's3:ListBucket', 's3:listbucket', 's3:Get*', [
      's3:PutObject',
      's3:List*',
    ]),
    Resource: fc.constantFrom('*', 'arn:aws:s3:::acme', 'arn:aws:s3:::acme/*', ['arn:aws:s3:::a?me']),
    Condition: fc.constantFrom(...CONDITIONS.map(({ condition }) => condition)),
  },
  { requiredKeys: ['Effect', 'Action', 'Resource'] },
);

/** Statements of the bucket's policy. */
export const bucketStatement = fc
  .tuple(
    identityStatement,
    fc.constantFrom<unknown>(
      '*',
      { AWS: ROLE },
      { AWS: '000000000000' },
      { AWS: ['arn:aws:iam::000000000000:root'] },
      { AWS: 'arn:aws:iam::000000000000:role/another' },
      { Service: 'events.amazonaws.com' },
    ),
  )
  .map(([statement, Principal]) => ({ ...statement, Principal }));
