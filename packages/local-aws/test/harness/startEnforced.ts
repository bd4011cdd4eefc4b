import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type AthenaClient,
  type AthenaError,
  GetQueryExecutionCommand,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { LocalAwsError, MovableClock } from '../../src/base/index.ts';
import type { LocalAws } from '../../src/server/index.ts';
import { startTestAws } from '../../src/testing/index.ts';

/** The stack's template. Each of its roles and users has one policy. */
const TEMPLATE = new URL('enforced.template.json', import.meta.url);

/** The logical ID of a role or user of the stack. */
export type Principal = 'Reader' | 'Delivery' | 'Work' | 'Daily' | 'Limited';

/** Changes that a test makes to the stack. */
export interface Changes {
  /** The role or user that the other members change. Default the reader. */
  readonly principal?: Principal;
  /** Actions that its policy does not have. */
  readonly without?: readonly string[];
  /** Actions that its policy denies. */
  readonly denied?: readonly string[];
  /** The only service through which it may read objects. */
  readonly onlyVia?: string;
  /** The service that may assume the role, in place of its own. */
  readonly trusted?: string;
  /** Logical IDs of resources that the stack does not have. */
  readonly missing?: readonly string[];
}

/** A statement of a policy of the stack. */
interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  /** Patterns of actions. */
  readonly Action: readonly string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

/** A policy within the resource of its role or user. */
interface InlinePolicy {
  /** Its name. */
  readonly PolicyName: string;
  readonly PolicyDocument: { readonly Version: string; readonly Statement: readonly Statement[] };
}

/** The parts of the template that {@link Changes} concern. */
interface Template {
  readonly Resources: Record<string, unknown> &
    Record<
      Principal,
      { Properties: { AssumeRolePolicyDocument?: object; Policies: readonly InlinePolicy[] } }
    >;
}

/** The template with some changes. */
function template({
  principal = 'Reader',
  without = [],
  denied,
  onlyVia,
  trusted,
  missing = [],
}: Changes): Template {
  const changed: Template = JSON.parse(readFileSync(TEMPLATE, 'utf8'));
  const { Properties } = changed.Resources[principal];
  if (trusted !== undefined) {
    const trust = { Effect: 'Allow', Principal: { Service: trusted }, Action: 'sts:AssumeRole' };
    Properties.AssumeRolePolicyDocument = { Statement: [trust] };
  }
  Properties.Policies = Properties.Policies.flatMap((policy) => {
    const Statement = policy.PolicyDocument.Statement.map((statement) => ({
      ...statement,
      Action: statement.Action.filter((action) => !without.includes(action)),
    })).filter(({ Action }) => Action.length > 0);
    if (denied !== undefined) Statement.push({ Effect: 'Deny', Action: [...denied], Resource: '*' });
    if (onlyVia !== undefined)
      Statement.push({
        Effect: 'Deny',
        Action: ['s3:GetObject'],
        Resource: '*',
        Condition: { 'ForAllValues:StringNotEquals': { 'aws:CalledVia': [onlyVia] } },
      });
    // IAM refuses a policy without statements.
    return Statement.length === 0
      ? []
      : [{ ...policy, PolicyDocument: { ...policy.PolicyDocument, Statement } }];
  });
  for (const id of missing) delete changed.Resources[id];
  return changed;
}

/** A running stack whose policies are enforced. */
export interface Enforced {
  /** The local cloud. */
  readonly aws: LocalAws;
  /** Its clock. */
  readonly clock: MovableClock;
  /** The reasons of services' refusals, each as it was first reported. */
  readonly refused: readonly string[];
  /** Makes a client of the AWS SDK, which is closed with the stack. Default: it signs as the root of the account. */
  client<Client extends { destroy(): void }>(
    Service: new (settings: ClientSettings) => Client,
    signer?: Principal | Credentials,
  ): Promise<Client>;
  /** Closes the clients and the local cloud, and removes its data. */
  close(): Promise<void>;
}

/** An access key, with the token of its session if it has one. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Options of a client of the AWS SDK. It does not repeat a call that fails. */
interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly maxAttempts: number;
  /** The account's queues are at the endpoint, whatever host a queue's URL has. */
  readonly useQueueUrlAsEndpoint: false;
}

/** The stack's account. */
export const ACCOUNT = '000000000000';

/** ARN of the user `Reader`. */
export const READER = `arn:aws:iam::${ACCOUNT}:user/reader`;

/** AWS's sentence for a call that is refused. */
export function denied(
  who: string,
  action: string,
  resource: string,
  why = `because no identity-based policy allows the ${action} action`,
): string {
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}

/** Starts the stack with some changes. */
export async function startEnforced(changes: Changes = {}): Promise<Enforced> {
  const clock = new MovableClock();
  const refused: string[] = [];
  const clients: { destroy(): void }[] = [];
  const { aws, options, close } = await startTestAws({
    stack: {
      template: template(changes),
      codeDirectory: fileURLToPath(new URL('../fixtures/functions', import.meta.url)),
    },
    enforceIam: true,
    onRefusal: (sentence) => refused.push(sentence),
    clock,
  });
  const credentialsOf = async (principal: Principal): Promise<Credentials> => {
    const answer = await fetch(`${aws.endpoint}/_local/credentials`, {
      method: 'POST',
      body: JSON.stringify({ principal }),
    });
    const { accessKeyId, secretAccessKey }: Credentials = JSON.parse(await answer.text());
    return { accessKeyId, secretAccessKey };
  };
  return {
    aws,
    clock,
    refused,
    async client(Service, signer = options.credentials) {
      const credentials = typeof signer === 'string' ? await credentialsOf(signer) : signer;
      const client = new Service({ ...options, credentials, useQueueUrlAsEndpoint: false });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      // Records that a stream may not deliver are no failure of the test.
      await close().catch((error: unknown) => {
        if (!(error instanceof LocalAwsError && error.kind === 'FIREHOSE_UNDELIVERED')) throw error;
      });
    },
  };
}

/** How a query of the reader's workgroup ended. */
interface QueryEnd {
  /** ID of the execution. */
  readonly id: string;
  /** Its last state. */
  readonly state: string | undefined;
  /** Why it failed; undefined if it succeeded. */
  readonly reason: string | undefined;
  /** Athena's numbers of the failure. */
  readonly error: AthenaError | undefined;
}

/** Runs a query in the reader's workgroup to its end. */
export async function runQuery(athena: AthenaClient, QueryString: string): Promise<QueryEnd> {
  const { QueryExecutionId: id = '' } = await athena.send(
    new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: 'reader',
      QueryExecutionContext: { Database: 'lake' },
    }),
  );
  for (;;) {
    const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    const { State, StateChangeReason, AthenaError } = QueryExecution?.Status ?? {};
    if (State !== 'QUEUED' && State !== 'RUNNING')
      return { id, state: State, reason: StateChangeReason, error: AthenaError };
  }
}
