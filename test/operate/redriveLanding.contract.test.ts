import type { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeNote } from '../../lib/landing/LandingNote.ts';
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

/** Five minutes after the objects of these tests are written. */
const FIVE_MINUTES_LATER = NOW + 300_000;
const result = { waiting: 0, messages: 0, underWay: false, objects: 0 };

/** The deployment, in which SQS refuses to move messages. */
function refusingToMove(message: string): Deployment {
  const send = (command: object) =>
    command.constructor.name === 'StartMessageMoveTaskCommand'
      ? Promise.reject(Object.assign(new Error(message), { name: 'InvalidParameterValue' }))
      : deployment.sqs.send(command as GetQueueAttributesCommand);
  return { ...deployment, sqs: Object.assign(Object.create(deployment.sqs), { send }) };
}

describe('dead letters of the writer', () => {
  beforeEach(() => operated.send('write-dead-letters', 'object'));

  it('stay in a dry run, which counts them', async () => {
    expect(await redriveLanding(deployment, true)).toEqual({ ...result, messages: 1 });
    expect(await operated.bodies('write')).toEqual([]);
    expect(await operated.bodies('write-dead-letters')).toEqual(['object']);
  });

  it('become its messages again', async () => {
    expect(await redriveLanding(deployment, false)).toEqual({ ...result, messages: 1 });
    expect(await operated.bodies('write')).toEqual(['object']);
    expect(await operated.bodies('write-dead-letters')).toEqual([]);
  });

  it('are told to be under way if somebody moves them already', async () => {
    const moving = refusingToMove('There is already a task running.');
    expect(await redriveLanding(moving, false)).toEqual({ ...result, messages: 1, underWay: true });
  });

  it('are an error if SQS refuses to move them for another reason', async () => {
    await expect(redriveLanding(refusingToMove('No such queue.'), false)).rejects.toThrow('No such queue.');
  });
});

it('dead letters that somebody moves are told to be under way, though none is left', async () => {
  const moving = refusingToMove('There is already a task running.');
  expect(await redriveLanding(moving, false)).toEqual({ ...result, underWay: true });
});

describe('objects of the landing', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b']) await operated.store.write(`landing/${name}`, 'x');
  });

  it('get a message each once they have waited for five minutes', async () => {
    const early = { ...deployment, now: FIVE_MINUTES_LATER - 1 };
    expect(await redriveLanding(early, false)).toEqual(result);
    expect(await operated.bodies('write')).toEqual([]);
    const later = { ...deployment, now: FIVE_MINUTES_LATER };
    expect(await redriveLanding(later, false)).toEqual({ ...result, objects: 2 });
    expect(await operated.bodies('write')).toEqual([
      expect.stringContaining('"landing/a"'),
      expect.stringContaining('"landing/b"'),
    ]);
  });

  it('get none in a dry run, which counts them', async () => {
    const later = { ...deployment, now: FIVE_MINUTES_LATER };
    expect(await redriveLanding(later, true)).toEqual({ ...result, objects: 2 });
    expect(await operated.bodies('write')).toEqual([]);
  });

  it('get none if they are in tables, and only not deleted', async () => {
    const [written] = (await operated.store.listPage('landing/')).items;
    if (written === undefined) throw new RangeError('No object was written.');
    await writeNote(operated.store, written, { written: true, why: '' });
    await redriveLanding({ ...deployment, now: FIVE_MINUTES_LATER }, false);
    expect(await operated.bodies('write')).toEqual([expect.stringContaining('"landing/b"')]);
  });

  it('get none while the writer has 1,000 messages, of which dead letters are none', async () => {
    const withQueues = (sqs: Deployment['sqs']) =>
      redriveLanding({ ...deployment, sqs, now: FIVE_MINUTES_LATER }, true);
    expect(await withQueues(queueClient([999, 1]))).toMatchObject({ waiting: 1_000, objects: 0 });
    expect(await withQueues(queueClient([999, 0]))).toMatchObject({ waiting: 999, objects: 2 });
    const dead = queueClient([0, 0], { 'write-dead-letters': [1_000, 0] });
    expect(await withQueues(dead)).toMatchObject({ messages: 1_000, objects: 2 });
  });
});
