import type { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeNote } from '../../lib/landing/LandingNotes.ts';
import type { Deployment } from '../../observe/deployment.ts';
import { redriveLanding } from '../../operate/redriveLanding.ts';
import { queueClient } from '../harness/queueClient.ts';
import { NOW, type Operated, startOperated } from './startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

describe('dead letters of the writer', () => {
  it('are its messages again, and in a dry run stay', async () => {
    await operated.send('write-dead-letters', 'object');
    expect(await redriveLanding(deployment, true)).toMatchObject({ messages: 1, underWay: false });
    expect(await operated.bodies('write')).toEqual([]);
    expect(await operated.bodies('write-dead-letters')).toEqual(['object']);
    expect(await redriveLanding(deployment, false)).toMatchObject({ messages: 1, underWay: false });
    expect(await operated.bodies('write')).toEqual(['object']);
    expect(await operated.bodies('write-dead-letters')).toEqual([]);
    expect(await redriveLanding(deployment, false)).toMatchObject({
      messages: 0,
      underWay: false,
      objects: 0,
    });
  });

  it('that are none: objects that wait have messages of their own, but for young and written ones', async () => {
    for (const name of ['a', 'b']) await operated.store.write(`landing/${name}`, 'x');
    const later = { ...deployment, now: NOW + 300_000 };
    expect(await redriveLanding(deployment, false)).toMatchObject({ objects: 0 });
    expect(await redriveLanding({ ...deployment, now: NOW + 299_999 }, true)).toMatchObject({ objects: 0 });
    const busy = { ...deployment, sqs: queueClient([999, 1]), now: NOW + 300_000 };
    expect(await redriveLanding(busy, true)).toMatchObject({ waiting: 1_000, objects: 0 });
    expect(await redriveLanding({ ...busy, sqs: queueClient([999, 0]) }, true)).toMatchObject({ objects: 2 });
    // Dead letters are not what the writer works on.
    const dead = queueClient([0, 0], { 'write-dead-letters': [1_000, 0] });
    expect(await redriveLanding({ ...busy, sqs: dead }, true)).toMatchObject({ messages: 1_000, objects: 2 });
    for (const a of (await operated.store.listPage('landing/')).items.slice(0, 1))
      await writeNote(operated.store, a, { written: true, why: '' });
    expect(await redriveLanding(later, true)).toMatchObject({ objects: 1 });
    expect(await operated.bodies('write')).toEqual([]);
    expect(await redriveLanding(later, false)).toMatchObject({ messages: 0, underWay: false, objects: 1 });
    expect(await operated.bodies('write')).toEqual([expect.stringContaining('"landing/b"')]);
  });

  it('that are moved already are as good, which is said, also of none left, and any other refusal is not', async () => {
    const run = (message: string) => {
      const refuseMove = (command: object) =>
        command.constructor.name === 'StartMessageMoveTaskCommand'
          ? Promise.reject(Object.assign(new Error(message), { name: 'InvalidParameterValue' }))
          : deployment.sqs.send(command as GetQueueAttributesCommand);
      const sqs = Object.assign(Object.create(deployment.sqs), { send: refuseMove });
      return redriveLanding({ ...deployment, sqs }, false);
    };
    const moving = 'There is already a task running.';
    expect(await run(moving)).toMatchObject({ messages: 0, underWay: true });
    await operated.send('write-dead-letters', 'object');
    expect(await run(moving)).toMatchObject({ messages: 1, underWay: true });
    await expect(run('No such queue.')).rejects.toThrow('No such queue.');
  });
});
