import {
  type EvaluationResult,
  IAMClient,
  type SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { describe, expect, it } from '@jest/globals';
import type { Statement } from '../../../lib/access/policyDocument.ts';
import { judgeSimulation } from '../../../observe/doctor/readers.ts';
import { type Decision, simulateStatement, wrongDecisions } from '../../../observe/doctor/simulator.ts';
import { type AskedCall, answeredBy } from '../../harness/answering.ts';
import { commands, setupOf } from './setupOf.ts';

describe('a simulation by IAM', () => {
  const STATEMENT: Statement = {
    Sid: 'S',
    Effect: 'Allow',
    Action: ['s3:GetObject'],
    Resource: ['*'],
  };

  /** What is made of answers of IAM, a page each, to every question about a statement; and the contexts that were asked. */
  async function simulated(statement: Statement, ...pages: readonly (readonly EvaluationResult[])[]) {
    const contexts: object[] = [];
    const iam = answeredBy(IAMClient, ({ input }: AskedCall<SimulatePrincipalPolicyCommandInput>) => {
      const { ContextEntries = [], Marker = '0' } = input;
      contexts.push(...ContextEntries);
      const next = Number(Marker) + 1;
      const more = next < pages.length ? { IsTruncated: true, Marker: `${next}` } : {};
      return { EvaluationResults: pages[next - 1] ?? [], ...more };
    });
    const { decisions } = await simulateStatement(setupOf({ clients: { iam } }), 'arn', statement);
    return { decisions, contexts };
  }
  const denied: EvaluationResult = {
    EvalActionName: 's3:GetObject',
    EvalResourceName: 'r',
    EvalDecision: 'implicitDeny',
  };
  const organization = { OrganizationsDecisionDetail: { AllowedByOrganizations: false } };
  const boundary = { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false } };

  it('has the decisions of all pages, each with the policy that decides', async () => {
    const allowed: EvaluationResult = {
      ...denied,
      EvalDecision: 'allowed',
      MatchedStatements: [{ SourcePolicyId: 'Mine' }],
    };
    const ofResource = { EvalResourceName: 'r2', EvalResourceDecision: 'explicitDeny' } as const;
    const ofOther = { EvalResourceName: 'r3', EvalResourceDecision: 'allowed', ...boundary } as const;
    const { decisions } = await simulated(
      STATEMENT,
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
      what: 'each value by itself',
      operator: 'StringLike',
      contexts: [
        { ContextKeyName: 's3:prefix', ContextKeyType: 'string', ContextKeyValues: ['ax'] },
        { ContextKeyName: 's3:prefix', ContextKeyType: 'string', ContextKeyValues: ['b'] },
      ],
    },
    {
      what: 'all values together',
      operator: 'ForAllValues:StringEquals',
      contexts: [
        { ContextKeyName: 's3:prefix', ContextKeyType: 'stringList', ContextKeyValues: ['ax', 'b'] },
      ],
    },
  ])('asks of a condition $operator with $what, without wildcards', async ({ operator, contexts }) => {
    const Condition = { [operator]: { 's3:prefix': ['a*', 'b'] } };
    const found = await simulated({ ...STATEMENT, Condition }, [denied]);
    expect(found.contexts).toEqual(contexts);
    expect(found.decisions).toHaveLength(contexts.length);
  });
});

describe('the judgement of a simulation', () => {
  const decision: Decision = {
    action: 'a',
    resource: 'r',
    isAllowed: false,
    reason: 'missing',
    policies: [],
  };
  const judged = (decisions: readonly Decision[], expected: boolean) =>
    judgeSimulation('bi', { sid: 'ReadRows', decisions }, expected, commands);
  const SHOW_DRIFT = expect.stringContaining('doctor --drift');

  it.each([
    { what: 'where nothing allows a call', decisions: [decision], printed: [SHOW_DRIFT] },
    { what: 'without a decision', decisions: [], printed: [SHOW_DRIFT] },
    {
      what: 'with no look at the stack where another policy denies',
      decisions: [{ ...decision, reason: 'explicit' as const }],
      printed: [],
    },
  ])('of what has to be allowed finds a denial $what', ({ decisions, printed }) => {
    expect(judged(decisions, true)).toMatchObject([
      { code: 'SLUICE_FINDING_READER_DENIED', commands: printed },
    ]);
  });

  it.each([
    { what: 'nothing allows it', decisions: [decision], codes: [] },
    { what: 'there is no decision', decisions: [], codes: [] },
    {
      what: 'it is allowed',
      decisions: [{ ...decision, isAllowed: true }],
      codes: ['SLUICE_FINDING_READER_ALLOWED'],
    },
  ])('of what has to be denied finds $codes where $what', ({ decisions, codes }) => {
    expect(judged(decisions, false).map(({ code }) => code)).toEqual(codes);
  });
});

describe('decisions of a simulation', () => {
  const decision = { action: 'a', resource: 'r', isAllowed: false, policies: [] };
  const decisions = [
    { ...decision, reason: 'missing' },
    { ...decision, reason: 'explicit', policies: ['P', 'Q'] },
    { ...decision, action: 'b', resource: 's', reason: 'missing', policies: ['P'] },
    { ...decision, action: 'c', isAllowed: true, reason: 'missing', policies: ['R'] },
    { ...decision, action: 'b', reason: 'missing', policies: ['T'] },
  ] as const;

  it('are told that differ from what is expected, for each reason', () => {
    expect(wrongDecisions({ sid: 'S', decisions }, true)).toEqual([
      { reason: 'missing', fact: 'S: a on r and 2 more, by P, T', text: 'S: a, b on r, s, by P, T.' },
      { reason: 'explicit', fact: 'S: a on r, by P, Q', text: 'S: a on r, by P, Q.' },
    ]);
    expect(wrongDecisions({ sid: 'S', decisions }, false)).toEqual([
      { reason: 'missing', fact: 'S: c on r, by R', text: 'S: c on r, by R.' },
    ]);
  });
});
