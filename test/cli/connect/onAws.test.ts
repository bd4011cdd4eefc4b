import { describe, expect, it } from '@jest/globals';
import { metabaseGuide } from '../../../cli/connect/metabaseGuide.ts';
import { owoxGuide } from '../../../cli/connect/owoxGuide.ts';
import type { DeployedStack } from '../../../cli/connect/readDeployment.ts';
import { guideText } from '../../../cli/connect/setupGuide.ts';
import { statsigGuide } from '../../../cli/connect/statsigGuide.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { Reader } from '../../../lib/schema/readers.ts';
import { queryCost, usd } from '../../../observe/prices.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:sluice-prod-reader';
const ROLE = 'arn:aws:iam::111122223333:role/sluice-prod-reader';

/** A deployment on AWS with one reader, named `bi`. */
function deployed(input: NonNullable<ConfigInput['readers']>[number], more: Partial<ConfigInput> = {}) {
  const config = defineConfig({ bucket: 'acme-experiments', readers: [input], ...more });
  const deployment: DeployedStack = {
    ...{ stackName: 'sluice-prod', stage: 'prod', region: 'eu-west-1', account: '111122223333' },
    localEndpoint: undefined,
    outputs: new Map([
      ['ReaderBiSecretArn', SECRET],
      ['ReaderBiRoleArn', ROLE],
    ]),
  };
  return { config, deployment, reader: config.readers[0] };
}

function textOf(input: NonNullable<ConfigInput['readers']>[number], more: Partial<ConfigInput> = {}): string {
  const { config, deployment, reader } = deployed(input, more);
  return guideText(sheetFor(reader, deployment, config), deployment);
}

function sheetFor(
  reader: Reader | undefined,
  deployment: DeployedStack,
  config: ReturnType<typeof defineConfig>,
) {
  if (reader?.kind === 'owox') return owoxGuide(deployment, config, reader);
  if (reader?.kind === 'metabase') return metabaseGuide(deployment, config, reader);
  if (reader?.kind === 'statsig') return statsigGuide(deployment, config, reader);
  throw new Error('No reader.');
}

describe('a setup guide for AWS', () => {
  it('has commands for AWS, without endpoints or keys of the local cloud', () => {
    const text = textOf({ kind: 'owox', name: 'bi', resultsBucket: 'acme-owox' });
    expect(text).toContain(
      `$ aws secretsmanager get-secret-value --secret-id ${SECRET} --query SecretString --output text --region eu-west-1\n`,
    );
    for (const input of [
      { kind: 'owox', name: 'bi', resultsBucket: 'acme-owox' },
      { kind: 'metabase', name: 'bi' },
      { kind: 'metabase', name: 'bi', as: 'role', principal: 'ec2' },
      { kind: 'statsig', name: 'bi', principal: '123456789012', externalId: 'x7' },
      { kind: 'statsig', name: 'bi', as: 'user' },
    ] as const)
      expect(textOf(input)).not.toMatch(/127\.0\.0\.1|endpoint-url|ACCESS_KEY_ID=|_sluice|undefined/);
  });

  it.each([
    [{ principal: 'ec2' }, 'instance profile'],
    [{ principal: 'ecs-tasks' }, 'task role'],
    [{ principal: 'arn:aws:iam::111122223333:role/pod' }, 'role/pod assumes it'],
  ])('says how Metabase gets the role of %j', (fields, how) => {
    const text = textOf({ kind: 'metabase', name: 'bi', as: 'role', ...fields });
    expect(text).toContain(how);
    expect(text).toContain(ROLE);
    expect(text).toMatch(/Access key +<leave empty>/);
    expect(text).toMatch(/string options +EnableResultReuseByAge=TRUE;MaxResultReuseAgeInMinutes=60\n/);
  });

  it('shows the location of secrets, and wraps prose but not commands and SQL', () => {
    const text = textOf({ kind: 'metabase', name: 'bi' });
    expect(text).toMatch(/Access key +<accessKeyId>/);
    const prose = text
      .split('\n')
      .filter((line) => /^ {3}[A-Z][a-z]+ [a-z]/.test(line) && !line.includes('  ('));
    expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(text).toMatch(/\n\nSELECT\n {2}ds,\n/);
  });

  it('states the cost of a scan', () => {
    expect(textOf({ kind: 'metabase', name: 'bi' })).toContain('Athena bills $5 per terabyte read');
    expect([queryCost(0), queryCost(1e12)].map(usd)).toEqual(['$0.00005', '$5.00']);
    expect([0.0052, 0.052, 0.1, 172.5].map(usd)).toEqual(['$0.0052', '$0.052', '$0.10', '$172.50']);
  });

  it("has a reload that fits the lookback, and other names for Statsig's forwarded tables", () => {
    expect(textOf({ kind: 'statsig', name: 'bi', as: 'user' })).toContain('Lookback: ');
    const forwarding = textOf({ kind: 'statsig', name: 'bi', as: 'user', statsigForwardsHere: true });
    expect(forwarding).toContain("for Statsig's own forwarding; any name but Sluice's");
  });

  it("says with relay to Statsig that Statsig's own forwarding brings events a second time", () => {
    const reader = { kind: 'statsig', name: 'bi', as: 'user' } as const;
    const relay = { statsig: true } as const;
    const one = (input: typeof reader & { statsigForwardsHere?: boolean }, more: Partial<ConfigInput>) =>
      textOf(input, more).replaceAll(/\s+/g, ' ');
    expect(one(reader, {})).not.toContain('relay');
    expect(one(reader, { relay: { url: 'https://collector.example.com' } })).not.toContain('relay');
    expect(one(reader, { relay })).toContain(
      "relay is on: what it delivers to Statsig, Statsig's own forwarding",
    );
    expect(one(reader, { relay })).toContain("Leave Statsig's forwarding off");
    expect(one({ ...reader, statsigForwardsHere: true }, { relay })).toContain(
      'unless the tables of Statsig have other names than statsig_forwarded_exposures and statsig_forwarded_events, every event is in one table twice',
    );
  });
});
