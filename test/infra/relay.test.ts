import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

const made = (more: Partial<ConfigInput>) =>
  resources({ config: defineConfig({ bucket: 'acme', ...more }), service: 'sluice', stage: 'prod' })
    .Resources;
const on = made({ relay: { statsig: true } });
const off = made({});
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

describe('relay in the template', () => {
  it('has everything only with relay, and changes nothing else but the collector’s role', () => {
    const names = Object.keys(off);
    expect(names.filter((id) => id.includes('Relay'))).toEqual([]);
    expect(Object.keys(on).filter((id) => !id.includes('Relay'))).toEqual(names);
    expect(names.filter((id) => JSON.stringify(on[id]) !== JSON.stringify(off[id]))).toEqual(['CollectRole']);
    expect(
      Object.keys(on)
        .filter((id) => id.includes('Relay'))
        .sort(),
    ).toEqual([
      'RelayAgeAlarm',
      'RelayDeadLetterQueue',
      'RelayDeadLettersAlarm',
      'RelayErrorsAlarm',
      'RelayNotKeptAlarm',
      'RelayQueue',
      'RelayQueueAgeAlarm',
      'RelayRefusedAlarm',
      'RelayRole',
    ]);
  });

  it.each([
    { whose: 'of the stack', more: {}, key: { 'Fn::GetAtt': ['DataKey', 'Arn'] } },
    { whose: 'that exists', more: { existing: { keyArn: KEY } }, key: KEY },
  ])('encrypts copies with the key $whose', ({ more, key }) => {
    const { RelayQueue, RelayDeadLetterQueue, RelayRole, CollectRole } = made({
      relay: { statsig: true },
      ...more,
    });
    for (const queue of [RelayQueue, RelayDeadLetterQueue]) {
      expect(queue?.Properties).toMatchObject({ KmsMasterKeyId: key });
      expect(queue?.Properties).not.toHaveProperty('SqsManagedSseEnabled');
    }
    for (const role of [RelayRole, CollectRole]) {
      expect(JSON.stringify(role)).toContain(JSON.stringify(key));
      expect(JSON.stringify(role)).toContain(
        `"kms:ViaService":{"Fn::Sub":"sqs.\${AWS::Region}.amazonaws.com"}`,
      );
    }
  });

  it('lets the collector write copies, and only the function read them', () => {
    const who = (action: string, folder: string) =>
      Object.entries(on)
        .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
        .filter(([, { Properties }]) =>
          JSON.stringify(Properties)
            .split('"Effect"')
            .some((statement) => statement.includes(`"${action}"`) && statement.includes(folder)),
        )
        .map(([id]) => id);
    expect(who('s3:PutObject', 'relay/waiting/')).toEqual(['CollectRole']);
    expect(who('s3:GetObject', 'relay/')).toEqual(['RelayRole']);
    expect(who('sqs:SendMessage', '"RelayQueue"')).toEqual(['CollectRole']);
    expect(who('sqs:ReceiveMessage', '"RelayQueue"')).toEqual(['RelayRole']);
  });
});
