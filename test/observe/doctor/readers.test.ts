import {
  type EvaluationResult,
  IAMClient,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from '@jest/globals';
import { heldNames, replacedReaders } from '../../../infra/serverless/readerProblems.ts';
import type { Statement } from '../../../lib/access/policyDocument.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { type Decision, judgeSimulation, simulateStatement } from '../../../observe/doctor/readers.ts';
import { judgeRole } from '../../../observe/doctor/roles.ts';
import { type AskedCall, answeredBy } from '../../harness/answering.ts';
import { commands, setupOf } from './setupOf.ts';

/** Names of the readers' roles and users in the stack, by logical ID. */
type Resources = Readonly<Record<string, string>>;

describe('a reader', () => {
  const ARN = 'arn:aws:iam::111122223333:';
  const replaced = (present: Resources, ...readers: readonly object[]) => {
    const { readers: validated } = defineConfig({
      bucket: 'acme',
      readers: [...readers] as ConfigInput['readers'],
    });
    const stack = {
      stackName: 'sluice-prod',
      partition: 'aws',
      account: '111122223333',
      resources: new Map(Object.entries(present)),
    };
    return replacedReaders({ readers: validated }, stack).map(({ text: said }) => {
      const [, arn = '', entered = ''] = /new ARN is (\S+)\. Then enter (.*?) in the form/.exec(said) ?? [];
      return [arn.replace(ARN, ''), entered];
    });
  };
  const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
  const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
  const made = {
    ReaderStatsigRole: 'sluice-prod-ReaderStatsigRole-1A2B3C4D5E6F',
    ReaderOwoxUser: 'sluice-prod-ReaderOwoxUser-1A2B3C4D5E6F',
  };

  it.each<{ what: string; present: Resources; reader: object; newArn: string; entered: string }>([
    {
      what: 'gets a name',
      present: made,
      reader: { ...statsig, iamName: 'Statsig' },
      newArn: 'role/Statsig',
      entered: 'this ARN',
    },
    {
      what: 'gets a name as a user',
      present: made,
      reader: { ...owox, iamName: 'OWOX' },
      newArn: 'user/OWOX',
      entered: 'its access keys',
    },
    {
      what: 'gets its name in other letters',
      present: { ReaderOwoxUser: 'Owox' },
      reader: { ...owox, iamName: 'OWOX' },
      newArn: 'user/OWOX',
      entered: 'its access keys',
    },
    {
      what: 'loses its name',
      present: { ReaderOwoxUser: 'OWOX' },
      reader: owox,
      newArn: 'user/sluice-prod-ReaderOwoxUser-*',
      entered: 'its access keys',
    },
    {
      what: 'becomes a user',
      present: made,
      reader: { kind: 'statsig', name: 'statsig', as: 'user', iamName: 'Statsig' },
      newArn: 'user/Statsig',
      entered: 'its access keys',
    },
  ])('that $what is replaced', ({ present, reader, newArn, entered }) => {
    expect(replaced(present, reader)).toEqual([[newArn, entered]]);
  });

  it.each<{ what: string; present: Resources; readers: readonly object[] }>([
    { what: 'keeps a name that CloudFormation made', present: made, readers: [statsig, owox] },
    { what: 'is new', present: {}, readers: [{ ...owox, iamName: 'OWOX' }] },
    {
      what: 'keeps its own name',
      present: { ReaderOwoxUser: 'OWOX' },
      readers: [{ ...owox, iamName: 'OWOX' }],
    },
  ])('that $what is not replaced', ({ present, readers }) => {
    expect(replaced(present, ...readers)).toEqual([]);
  });
});

describe('a name of a reader', () => {
  const role = { kind: 'statsig', name: 'new', principal: '123456789012', externalId: 'project-7' };
  const owox = { kind: 'owox', name: 'new', resultsBucket: 'acme-owox' };

  const problemsOf = (reader: object, present: Resources) => {
    const { readers } = defineConfig({ bucket: 'acme', readers: [reader] as ConfigInput['readers'] });
    const stack = { stackName: 'sluice-prod', resources: new Map(Object.entries(present)) };
    return heldNames({ readers }, stack).map(({ field }) => field);
  };
  const named = { ...owox, iamName: 'OWOX' };

  it.each<[what: string, reader: object, present: Resources]>([
    ['is of a renamed reader', named, { ReaderOldUser: 'OWOX' }],
    ['is of a renamed reader in other letters', { ...role, iamName: 'S' }, { ReaderOldRole: 's' }],
    ['changes in case only', named, { ReaderNewUser: 'Owox' }],
  ])('is refused that %s', (_, reader, present) => {
    expect(problemsOf(reader, present)).toEqual(['readers.0.iamName']);
  });

  it.each<[what: string, reader: object, present: Resources]>([
    ['stays', named, { ReaderNewUser: 'OWOX' }],
    ['is of a role, and wanted for a user', named, { ReaderOldRole: 'OWOX' }],
    ['is nobody’s', owox, { ReaderNewUser: 'OWOX' }],
  ])('is taken that %s', (_, reader, present) => {
    expect(problemsOf(reader, present)).toEqual([]);
  });
});

describe('a simulation by IAM', () => {
  /** What is made of answers of IAM, a page each, to every question about a statement; and the contexts that were asked. */
  async function simulated(
    statement: Partial<Statement>,
    ...pages: readonly (readonly EvaluationResult[])[]
  ) {
    const contexts: unknown[] = [];
    const iam = answeredBy(IAMClient, ({ input }: AskedCall<SimulatePrincipalPolicyCommandInput>) => {
      const { ContextEntries = [], Marker = '0' } = input;
      contexts.push(...ContextEntries.map((entry) => [entry.ContextKeyType, entry.ContextKeyValues]));
      const next = Number(Marker) + 1;
      const more = next < pages.length ? { IsTruncated: true, Marker: `${next}` } : {};
      return { EvaluationResults: pages[next - 1] ?? [], ...more };
    });
    const setup = setupOf({ clients: { iam } });
    const asked = {
      Sid: 'S',
      Effect: 'Allow',
      Action: ['s3:GetObject'],
      Resource: ['*'],
      ...statement,
    } as const;
    return { ...(await simulateStatement(setup, 'arn', asked)), contexts };
  }
  const denied = {
    EvalActionName: 's3:GetObject',
    EvalResourceName: 'r',
    EvalDecision: 'implicitDeny',
  } as const;
  const organization = { OrganizationsDecisionDetail: { AllowedByOrganizations: false } };
  const boundary = { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } };

  it('prints no look at the stack where another policy denies', () => {
    const decision: Decision = {
      action: 'a',
      resource: 'r',
      isAllowed: false,
      reason: 'explicit',
      policies: [],
    };
    const simulation = { sid: 'S', decisions: [decision] };
    expect(judgeSimulation('bi', simulation, true, commands)).toMatchObject([{ commands: [] }]);
    expect(judgeRole('arn', simulation, commands)).toMatchObject([{ commands: [] }]);
  });

  it('has the decisions of all pages, each with the policy that decides', async () => {
    const allowed: EvaluationResult = {
      ...denied,
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'Mine' }],
    };
    const ofResource = { EvalResourceName: 'r2', EvalResourceDecision: 'explicitDeny' } as const;
    const ofOther = { EvalResourceName: 'r3', EvalResourceDecision: 'allowed', ...boundary } as const;
    const { decisions } = await simulated(
      {},
      [denied, allowed, { ...denied, ...boundary }],
      [
        { ...denied, ...boundary, ...organization },
        { ...denied, ResourceSpecificResults: [ofResource, ofOther] },
      ],
    );
    const none = { action: 's3:GetObject', resource: 'r', isAllowed: false, policies: [] };
    expect(decisions).toEqual([
      { ...none, reason: 'missing' },
      { ...none, isAllowed: true, reason: 'missing', policies: ['Mine'] },
      { ...none, reason: 'boundary' },
      { ...none, reason: 'organization' },
      { ...none, resource: 'r2', reason: 'explicit' },
      { ...none, resource: 'r3', isAllowed: true, reason: 'boundary' },
    ]);
  });

  it.each([
    {
      operator: 'StringLike',
      contexts: [
        ['string', ['ax']],
        ['string', ['b']],
      ],
    },
    { operator: 'ForAllValues:StringEquals', contexts: [['stringList', ['ax', 'b']]] },
  ])('asks with a context that meets the condition $operator', async ({ operator, contexts }) => {
    const found = await simulated({ Condition: { [operator]: { 's3:prefix': ['a*', 'b'] } } }, [denied]);
    expect(found.contexts).toEqual(contexts);
    expect(found.decisions).toHaveLength(contexts.length);
  });

  it('counts as denied without a decision', () => {
    const none = { sid: 'ReadRows', decisions: [] };
    expect(judgeSimulation('bi', none, true, commands)).toMatchObject([
      { code: 'SLUICE_FINDING_READER_DENIED', commands: [expect.stringContaining('doctor --drift')] },
    ]);
    expect(judgeSimulation('bi', none, false, commands)).toEqual([]);
  });
});
