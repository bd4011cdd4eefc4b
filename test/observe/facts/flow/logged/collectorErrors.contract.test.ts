import { afterAll, expect, it } from '@jest/globals';
import {
  readOverflowError,
  readUnkeptError,
} from '../../../../../observe/facts/flow/logged/collectorErrors.ts';
import { stackOf, startLogs } from '../../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

it('the error with which the stream did not take requests is the last within five minutes, but not that of one that is too large', async () => {
  const write = started.collectLog('overflowed');
  const asked = { logs: started.client, stack: stackOf('overflowed') };
  const since = started.isoNow();
  write({ not_streamed: 'too_large: RecordTooLarge' });
  expect(await readOverflowError(asked, since)).toBeNull();
  write({ not_streamed: 'not_acknowledged: TimeoutError' });
  started.wait(5);
  write({ not_streamed: 'held_back: ThrottlingException' });
  write({ not_streamed: 'too_large: RecordTooLarge' });
  started.clock.advance(1);
  write({ not_streamed: 'not_acknowledged: ServiceUnavailableException' });
  expect(await readOverflowError(asked, since)).toBe('ThrottlingException');
});

it('the error with which a copy was not kept for relay is the last within two minutes, with the words of AWS', async () => {
  const write = started.collectLog('unkept');
  const asked = { logs: started.client, stack: stackOf('unkept') };
  const last = started.isoNow();
  write({ relay: 'not_kept', relay_error: 'TimeoutError' });
  started.wait(2);
  write({ relay: 'not_kept', relay_error: 'AccessDenied: no' });
  write({ relay: 'queue' });
  started.clock.advance(1);
  write({ relay: 'not_kept', relay_error: 'ServiceUnavailable' });
  expect(await readUnkeptError(asked, { last })).toBe('AccessDenied: no');
});

it('the error with which a copy was not kept for relay is null if the log does not say it', async () => {
  const asked = { logs: started.client, stack: stackOf('silent') };
  started.collectLog('silent')({ relay: 'queue' });
  expect(await readUnkeptError(asked, { last: started.isoNow() })).toBeNull();
});
