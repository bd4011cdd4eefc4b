import { describe, expect, it } from '@jest/globals';
import { heldNames, replacedReaders } from '../../infra/serverless/readerProblems.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

/** Names of the readers' roles and users in the stack, by logical ID. */
type Resources = Readonly<Record<string, string>>;

describe('a reader', () => {
  const ARN = 'arn:aws:iam::111122223333:';
  const textsOf = (present: Resources, ...readers: readonly object[]) => {
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
    const target = ['--stage', 'prod', '--region', 'eu-west-1'];
    return replacedReaders({ readers: validated }, stack, target).map(({ text }) => text);
  };
  const replaced = (present: Resources, ...readers: readonly object[]) =>
    textsOf(present, ...readers).map((said) => {
      const [, arn = '', entered = ''] = /new ARN is (\S+)\. Then enter (.*?) in the form/.exec(said) ?? [];
      return [arn.replace(ARN, ''), entered];
    });
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

  it('that is replaced has its form printed of the deployment', () => {
    const [text] = textsOf({ ReaderOwoxUser: 'OWOX' }, owox);
    expect(text).toContain('`npx sluice connect owox --reader owox --stage prod --region eu-west-1`');
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

  interface NameCase {
    readonly what: string;
    /** The reader of the configuration. */
    readonly reader: object;
    /** What the stack has. */
    readonly present: Resources;
  }

  it.each<NameCase>([
    { what: 'a renamed reader has still', reader: named, present: { ReaderOldUser: 'OWOX' } },
    {
      what: 'a renamed reader has still in other letters',
      reader: { ...role, iamName: 'S' },
      present: { ReaderOldRole: 's' },
    },
    { what: 'changes in case only', reader: named, present: { ReaderNewUser: 'Owox' } },
  ])('that $what is refused', ({ reader, present }) => {
    expect(problemsOf(reader, present)).toEqual(['readers.0.iamName']);
  });

  it.each<NameCase>([
    { what: 'stays', reader: named, present: { ReaderNewUser: 'OWOX' } },
    { what: 'a role has and a user gets', reader: named, present: { ReaderOldRole: 'OWOX' } },
    { what: 'is not configured', reader: owox, present: { ReaderNewUser: 'OWOX' } },
  ])('that $what is taken', ({ reader, present }) => {
    expect(problemsOf(reader, present)).toEqual([]);
  });
});
