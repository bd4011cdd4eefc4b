import { describe, expect, it } from '@jest/globals';
import { guideText } from '../../../cli/connect/guide.ts';
import { readerGuide } from '../../../cli/connect/guides.ts';
import type { DeployedStack } from '../../../cli/connect/readDeployment.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:sluice-prod-reader';
const ROLE = 'arn:aws:iam::111122223333:role/sluice-prod-reader';

/** A deployment on AWS with one reader, named `bi`. */
function deployed(input: NonNullable<ConfigInput['readers']>[number], more: Partial<ConfigInput> = {}) {
  const config = defineConfig({ bucket: 'acme-experiments', readers: [input], ...more });
  const deployment: DeployedStack = {
    ...{ stackName: 'sluice-prod', stage: 'prod', region: 'eu-west-1', account: '111122223333' },
    ...{ localEndpoint: undefined, target: ['--stage', 'prod'] },
    outputs: new Map([
      ['ReaderBiSecretArn', SECRET],
      ['ReaderBiRoleArn', ROLE],
    ]),
  };
  return { config, deployment, reader: config.readers[0] };
}

function textOf(input: NonNullable<ConfigInput['readers']>[number], more: Partial<ConfigInput> = {}): string {
  const { config, deployment, reader } = deployed(input, more);
  if (reader === undefined) throw new Error('No reader.');
  return guideText(readerGuide(deployment, config, reader), deployment);
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

  it('says how Metabase gets its role, with empty fields for keys', () => {
    const principal = 'arn:aws:iam::111122223333:role/pod';
    const roleText = (of: string) => textOf({ kind: 'metabase', name: 'bi', as: 'role', principal: of });
    const text = roleText(principal);
    for (const said of [ROLE, 'role/pod assumes it']) expect(text).toContain(said);
    expect(text).not.toMatch(/instance profile|task role/);
    expect(roleText('ec2')).toMatch(/instance profile(?!.*(task role|assumes it))/s);
    expect(roleText('ecs-tasks')).toMatch(/task role(?!.*(instance profile|assumes it))/s);
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

  it('says when the forwarding of Statsig may not write, and that with relay it brings events a second time', () => {
    const reader = { kind: 'statsig', name: 'bi', as: 'user' } as const;
    const one = (more: Partial<ConfigInput>, forwards = false) =>
      textOf({ ...reader, statsigForwardsHere: forwards }, more).replaceAll(/\s+/g, ' ');
    expect(one({})).toContain('Lookback in days: 8,');
    expect(one({})).toContain('it may not write (statsigForwardsHere)');
    expect(one({}, true)).not.toContain('statsigForwardsHere');
    for (const more of [{}, { relay: { url: 'https://collector.example.com' } }])
      expect(one(more)).not.toContain('relay is on');
    expect(one({ relay: { statsig: true } })).toContain('relay is on');
    expect(one({ relay: { statsig: true } })).toContain('`npx sluice doctor --stage prod`');
  });
});
