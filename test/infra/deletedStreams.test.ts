import { describe, expect, it } from '@jest/globals';
import { deletedStreams, requireDrained } from '../../infra/serverless/requirements.ts';
import { streams } from '../../infra/streams/streams.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';
const ofStage = (stage: string, seconds = 300) => {
  const config = defineConfig({ bucket: 'acme-streams', buffering: { seconds } });
  // As CloudFormation returns it, and as Serverless has it.
  return { Resources: JSON.parse(JSON.stringify(streams({ config, service: 'sluice', stage }))) };
};
const deployed = ofStage('prod');
const ids = Object.keys(deployed.Resources).filter((id) => deployed.Resources[id].Type === STREAM);

describe('streams that a deployment deletes', () => {
  it('are none when it changes what CloudFormation changes in place', () => {
    expect(ids).toHaveLength(3);
    expect(deletedStreams(deployed, deployed)).toEqual([]);
    expect(deletedStreams(deployed, ofStage('prod', 60))).toEqual([]);
  });

  it('are those with another name, which it replaces, and those that it leaves out', () => {
    expect(deletedStreams(deployed, ofStage('staging'))).toEqual(ids);
    const [first = '', ...others] = ids;
    const { [first]: _, ...rest } = deployed.Resources;
    expect(deletedStreams(deployed, { Resources: rest })).toEqual([first]);
    const fromKinesis = {
      ...deployed.Resources[first].Properties,
      DeliveryStreamType: 'KinesisStreamAsSource',
    };
    const changed = { ...deployed.Resources, [first]: { Type: STREAM, Properties: fromKinesis } };
    expect(deletedStreams(deployed, { Resources: changed })).toEqual([first]);
    expect(others).toHaveLength(2);
  });

  it('are all of them when the stack is removed, and none of a stack without any', () => {
    expect(deletedStreams(deployed)).toEqual(ids);
    expect(deletedStreams({}, deployed)).toEqual([]);
  });

  it('are refused until the stack is drained', () => {
    const refused = expect.objectContaining({
      code: 'SLUICE_CONFIG_NOT_DRAINED',
      detail: expect.stringContaining(ids.join(', ')),
    });
    expect(() => requireDrained(ids, null)).toThrow(refused);
    expect(() => requireDrained(ids, { drained: null })).toThrow(refused);
    requireDrained(ids, { drained: '2026-11-20T13:00:00.000Z' });
    requireDrained([], null);
  });
});
