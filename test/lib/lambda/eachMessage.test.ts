import { describe, expect, it } from '@jest/globals';
import { eachMessage, MessageFailures, type MessageKind } from '../../../lib/lambda/eachMessage.ts';

const kind: MessageKind<string> = {
  event: 'work',
  invalid: 'SLUICE_X_MESSAGE_INVALID',
  read: (body) => (body.startsWith('secret') ? undefined : body),
};
const messagesOf = (...bodies: string[]) => bodies.map((body) => ({ messageId: `of ${body}`, body }));
const failed = (...bodies: string[]) => ({
  batchItemFailures: bodies.map((body) => ({ itemIdentifier: `of ${body}` })),
});

function startLog() {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: (fields: Record<string, unknown>) => lines.push(fields) };
}

/** Does all but what has such a name. */
async function work(body: string): Promise<boolean> {
  if (body.startsWith('throws')) throw new Error(`of ${body}`);
  return !body.startsWith('busy');
}

describe('eachMessage', () => {
  it('names what failed, is busy or is invalid, and does the rest of the batch', async () => {
    const { lines, log } = startLog();
    const done: string[] = [];
    const response = await eachMessage(
      messagesOf('a', 'throws 1', 'secret', 'b', 'busy', 'c'),
      { ...kind, fields: (body) => ({ day: body }) },
      log,
      async (body) => {
        const isDone = await work(body);
        done.push(body);
        return isDone;
      },
    );
    expect(response).toEqual(failed('throws 1', 'secret', 'busy'));
    expect(done).toEqual(['a', 'b', 'busy', 'c']);
    expect(lines).toMatchObject([
      { level: 'error', event: 'work', day: 'throws 1', error: 'Error' },
      { level: 'error', event: 'work', code: 'SLUICE_X_MESSAGE_INVALID', messageId: 'of secret' },
    ]);
    expect(lines).toHaveLength(2);
  });

  it('logs no part of an invalid message, and no message of an error that is not ours', async () => {
    const { lines, log } = startLog();
    const messages = ['secret body', 'throws secretly'].map((body, i) => ({ messageId: `${i}`, body }));
    await eachMessage(messages, kind, log, work);
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines.map(({ at, ...fields }) => fields))).not.toMatch(/secret/);
  });

  it.each([
    { what: 'none of those that were done', bodies: ['a', 'b'], again: [] },
    { what: 'all that are busy', bodies: ['busy 1', 'busy 2'], again: ['busy 1', 'busy 2'] },
    { what: 'all that failed', bodies: ['throws 1', 'secret 2'], again: ['throws 1', 'secret 2'] },
    { what: 'some of several', bodies: ['a', 'throws 1', 'b'], again: ['throws 1'] },
    { what: 'none without messages', bodies: [], again: [] },
  ])('has messages come again: $what', async ({ bodies, again }) => {
    expect(await eachMessage(messagesOf(...bodies), kind, () => {}, work)).toEqual(failed(...again));
  });

  it('works off one message after the other, or as many at once as it may', async () => {
    for (const { many, most } of [
      { many: kind, most: 1 },
      { many: { ...kind, atOnce: 3 }, most: 3 },
    ]) {
      let now = 0;
      let seen = 0;
      const bodies = ['1', 'throws 2', '3', '4', '5'];
      const response = await eachMessage(
        messagesOf(...bodies),
        many,
        () => {},
        async (body) => {
          now += 1;
          seen = Math.max(seen, now);
          await Promise.resolve();
          now -= 1;
          return work(body);
        },
      );
      expect(seen).toEqual(most);
      expect(response).toEqual(failed('throws 2'));
    }
  });

  it('does something else with invalid messages, and names those for which that failed', async () => {
    const { lines, log } = startLog();
    const invalid = ({ body }: { readonly body: string }) => work(body.replace('secret ', ''));
    const messages = messagesOf('secret 1', 'secret throws', 'secret busy', 'busy');
    expect(await eachMessage(messages, { ...kind, invalid }, log, work)).toEqual(
      failed('secret throws', 'secret busy', 'busy'),
    );
    expect(lines).toMatchObject([{ level: 'error', event: 'work', error: 'Error' }]);
  });

  it('does the rest of the batch if a body or its fields cannot be read', async () => {
    const { lines, log } = startLog();
    const done: string[] = [];
    const response = await eachMessage(
      messagesOf('a', 'throws read', 'b', 'throws fields', 'c'),
      {
        event: 'work',
        read(body) {
          if (body === 'throws read') throw new RangeError(body);
          return body;
        },
        fields(body) {
          if (body === 'throws fields')
            throw Object.assign(new Error('Not allowed: s3:GetObject.'), { name: 'AccessDenied' });
          return { day: body };
        },
      },
      log,
      async (body) => done.push(body) > 0,
    );
    expect(response).toEqual(failed('throws read', 'throws fields'));
    expect(done).toEqual(['a', 'b', 'c']);
    const errors = ['RangeError', 'AccessDenied: Not allowed: s3:GetObject'];
    expect(lines).toMatchObject(errors.map((error) => ({ level: 'error', event: 'work', error })));
  });

  it('gives the work its message', async () => {
    const receives: number[] = [];
    await eachMessage(
      [{ messageId: 'm', body: 'b', receives: 3 }],
      kind,
      () => {},
      async (_, message) => {
        receives.push(message.receives);
        return true;
      },
    );
    expect(receives).toEqual([3]);
  });
});

describe('work that several messages ask for', () => {
  it('hands all of them out again if it fails, each once', async () => {
    const { lines, log } = startLog();
    const failures = new MessageFailures(log);
    await failures.attempt(['1', '2'], { event: 'first' }, () => work('throws'));
    await failures.attempt(['2', '3'], { event: 'second' }, () => work('busy'));
    await failures.attempt(['4'], { event: 'third' }, () => work('done'));
    await failures.attempt([], { event: 'nobody asks' }, () => work('throws'));
    expect(failures.response().batchItemFailures.map((failure) => failure.itemIdentifier)).toEqual([
      '1',
      '2',
      '3',
    ]);
    expect(failures.has('3')).toBe(true);
    expect(failures.has('4')).toBe(false);
    expect(lines).toMatchObject([{ level: 'error', event: 'first' }]);
    expect(lines).toHaveLength(1);
  });

  it('is answered with the messages of the batch that failed before', async () => {
    const failures = new MessageFailures(() => {});
    await eachMessage(messagesOf('a', 'busy'), kind, () => {}, work, failures);
    await failures.attempt(['of a'], { event: 'count' }, () => work('throws'));
    expect(failures.response()).toEqual(failed('busy', 'a'));
  });
});
