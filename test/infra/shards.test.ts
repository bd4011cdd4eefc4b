import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import { requireTemplateFits } from '../../infra/serverless/requirements.ts';
import { streamVariables } from '../../infra/streams/streams.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { MAX_SHARDS } from '../../lib/schema/deliveryLimits.ts';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';

/** The template as CloudFormation gets it. */
function deploy(streams: ConfigInput['streams']) {
  const config = defineConfig({ bucket: 'acme-experiments', streams });
  const { Resources } = resources({ config, service: 'acme', stage: 'prod' });
  return { config, Resources: JSON.parse(JSON.stringify(Resources)) };
}
const idsOf = (type: string, { Resources }: ReturnType<typeof deploy>) =>
  Object.keys(Resources).filter((id) => Resources[id].Type === type);

describe('several streams of a table', () => {
  const one = deploy({});
  const three = deploy({ events: { shards: 3, inRotation: 1 } });

  it('have the names and logical IDs of one before, and numbers after', () => {
    expect(idsOf(STREAM, one)).toEqual(['ExposuresStream', 'EventsStream', 'QuarantineStream']);
    const names = idsOf(STREAM, three).map((id) => [id, three.Resources[id].Properties.DeliveryStreamName]);
    expect(names).toEqual([
      ['ExposuresStream', 'acme-prod-exposures'],
      ['EventsStream', 'acme-prod-events'],
      ['EventsStreamShard2', 'acme-prod-events-2'],
      ['EventsStreamShard3', 'acme-prod-events-3'],
      ['QuarantineStream', 'acme-prod-quarantine'],
    ]);
  });

  it('differ in nothing else: they write the same table, folder, error folder and log', () => {
    const { EventsStream, EventsStreamShard2: second } = three.Resources;
    const { DeliveryStreamName, ...same } = second.Properties;
    expect({ ...same, DeliveryStreamName: 'acme-prod-events' }).toEqual(EventsStream.Properties);
    expect(EventsStream).toEqual(one.Resources.EventsStream);
  });

  it('add nothing but themselves and two alarms each', () => {
    const added = Object.keys(three.Resources).filter((id) => !(id in one.Resources));
    expect(added.toSorted()).toEqual(
      ['2', '3']
        .flatMap((shard) =>
          ['Stream', 'LateAlarm', 'ExpiringAlarm'].map((part) => `Events${part}Shard${shard}`),
        )
        .toSorted(),
    );
    expect(three.Resources.EventsLateAlarmShard2.Properties).toMatchObject({
      AlarmName: 'acme-prod-events-2-late',
      Dimensions: expect.arrayContaining([{ Name: 'table', Value: 'events-2' }]),
    });
    const body: string = three.Resources.Dashboard.Properties.DashboardBody['Fn::Sub'][0];
    for (const part of [`\${Streamevents2}`, `\${Streamevents3}`, `\${EventsLateAlarmShard3.Arn}`])
      expect(body).toContain(part);
    expect(Object.keys(three.Resources.Dashboard.Properties.DashboardBody['Fn::Sub'][1])).toEqual(
      expect.arrayContaining(['Streamevents', 'Streamevents2', 'Streamevents3']),
    );
  });

  it.each(['CollectRole', 'RedriveRole'])('may all be written by %s, those out of rotation too', (role) => {
    const policies = JSON.stringify(three.Resources[role]);
    for (const id of idsOf(STREAM, three)) expect(policies).toContain(`{"Fn::GetAtt":["${id}","Arn"]}`);
  });

  it('are named to functions that put rows as far as they are in rotation, and to the check all of them', () => {
    const ref = (id: string) => ({ Ref: id });
    expect(streamVariables(one.config)).toEqual({
      rotation: { exposures: ref('ExposuresStream'), events: ref('EventsStream') },
      all: { exposures: ref('ExposuresStream'), events: ref('EventsStream') },
    });
    const { rotation, all } = streamVariables(three.config);
    expect(rotation.events).toEqual(ref('EventsStream'));
    expect(all.events).toEqual({
      'Fn::Join': [',', ['EventsStream', 'EventsStreamShard2', 'EventsStreamShard3'].map(ref)],
    });
  });

  it('fit the stack and the roles when there are as many as there may be', () => {
    const most = deploy({ exposures: { shards: MAX_SHARDS }, events: { shards: MAX_SHARDS } });
    requireTemplateFits(most);
    // IAM counts without white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for (const role of ['CollectRole', 'RedriveRole'])
      expect(JSON.stringify(most.Resources[role].Properties.Policies).length).toBeLessThan(10_240);
  });
});
