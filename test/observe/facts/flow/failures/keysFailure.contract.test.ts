import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readKeysFailure } from '../../../../../observe/facts/flow/failures/keysFailure.ts';
import { answeredBy } from '../../../../harness/answering.ts';
import { NOON, stackOf, startLogs } from '../../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

describe('the failure of collectors to read the keys', () => {
  const read = () =>
    readKeysFailure({ logs: started.client, stack: stackOf('keys'), now: started.clock.now() });
  const line = (more: object) => started.collectLog('keys')({ event: 'keys', ...more });
  const fail = (detail: string) => line({ level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail });

  it('is the last one, since the first after a collector has read them', async () => {
    fail('AccessDenied: once');
    started.wait(30);
    line({ level: 'info', count: 1 });
    started.wait(30);
    const since = started.isoNow();
    fail('TimeoutError');
    started.wait(5);
    const at = started.isoNow();
    fail('AccessDenied: now');
    started.wait(10);
    const text = `${at}: SLUICE_KEYS_UNREADABLE: AccessDenied: now.`;
    expect(await read()).toEqual({ text, kind: 'denied', since });
    // Nobody has tried since.
    started.clock.advance(1);
    expect(await read()).toBeNull();
  });

  it.each([
    { what: 'a collector has read them since', more: { level: 'info', count: 1 } },
    { what: 'entries are wrong', more: { level: 'error', problems: ['keys.0: no label'] } },
    { what: 'the secret is deleted', more: { level: 'error', code: 'X', detail: 'InvalidRequestException' } },
    { what: 'the secret is no list', more: { level: 'error', code: 'SLUICE_KEYS_INVALID', detail: 'x' } },
    { what: 'the secret is gone', more: { level: 'error', code: 'X', detail: 'ResourceNotFoundException' } },
  ])('is none where $what', async ({ more }) => {
    fail('TimeoutError');
    started.clock.advance(1_000);
    line(more);
    expect(await read()).toBeNull();
  });
});

it('since when collectors fail to read the keys is not known where the log has more lines than are read', async () => {
  const line = { event: 'keys', level: 'error', code: 'SLUICE_KEYS_UNREADABLE', detail: 'TimeoutError' };
  const more = answeredBy(CloudWatchLogsClient, () => ({
    events: [{ timestamp: NOON, message: JSON.stringify(line) }],
    nextToken: 'more',
  }));
  const asked = { logs: more, stack: stackOf('keys'), now: NOON };
  expect(await readKeysFailure(asked)).toMatchObject({ since: null });
});
