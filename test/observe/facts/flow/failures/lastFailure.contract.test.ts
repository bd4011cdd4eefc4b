import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../../../../lib/base/time.ts';
import {
  readFirstKeyFailure,
  readLastFailure,
} from '../../../../../observe/facts/flow/failures/lastFailure.ts';
import { answeredBy } from '../../../../harness/answering.ts';
import { NOON, startLogs } from '../../../startLogs.ts';

const started = await startLogs();
// No failure of another test is within the hour.
beforeEach(() => started.wait(61));
afterAll(() => started.close());

/** What a function failed with last within an hour, as its log says. */
const lastFailure = (part: string) =>
  readLastFailure(started.deploymentNow(), part, started.clock.now() - HOUR_MS);

it('a run failed with its error, not with what an object holds', async () => {
  const write = started.errorLog('write');
  write({ event: 'write_failed', code: 'SLUICE_WRITE_BUCKET_FAILED', detail: 'AccessDenied' });
  const at = started.isoNow();
  started.wait(1);
  write({ event: 'write_damaged', code: 'SLUICE_LANDED_DAMAGED' });
  write({ event: 'write_refused', code: 'SLUICE_ROW_UNFIT', detail: 'a row' });
  const code = 'SLUICE_WRITE_BUCKET_FAILED';
  expect(await lastFailure('write')).toEqual({
    text: `${at}: ${code}: AccessDenied.`,
    kind: 'denied',
    code,
    isByKey: false,
  });
});

it('a function without a log has no call that failed for a key', async () => {
  expect(await readFirstKeyFailure(started.deploymentNow(), ['never-run'], 0)).toBe(null);
});

it('calls first failed for a key at the earliest such line of any of the logs', async () => {
  const denied = { event: 'x', code: 'SLUICE_X', detail: 'AccessDenied: kms:Decrypt' };
  const since = started.clock.now();
  started.errorLog('keyed-a')({ event: 'x', code: 'SLUICE_X', detail: 'TimeoutError' });
  started.wait(1);
  const first = started.isoNow();
  started.errorLog('keyed-b')(denied);
  started.wait(1);
  started.errorLog('keyed-a')(denied);
  started.wait(1);
  started.errorLog('keyed-b')(denied);
  expect(await readFirstKeyFailure(started.deploymentNow(), ['keyed-a', 'keyed-b'], since)).toBe(first);
});

it('a run of which the log has no failure failed as Lambda throttled it', async () => {
  started.openLog('groups')({});
  started.throttle('groups', 1);
  started.wait(1);
  expect(await lastFailure('groups')).toMatchObject({ kind: 'throttled' });
});

it('a plan failed with what it could not do in a table', async () => {
  const failed = [{ code: 'SLUICE_T', detail: 'no room' }];
  started.errorLog('curate-plan')({ event: 'curate_plan', tables: [{}, { failed }] });
  expect((await lastFailure('curate-plan'))?.text).toMatch(/: SLUICE_T: no room\.$/);
});

it('the delivery of the stream failed last as its own log says, whatever the line', async () => {
  const asked: unknown[] = [];
  const message = JSON.stringify({ errorCode: 'S3.AccessDenied', errorMessage: 'no' });
  const delivery = answeredBy(CloudWatchLogsClient, ({ input }) => {
    asked.push([input['logGroupName'], input['filterPattern']]);
    return { events: [{ timestamp: NOON, message }] };
  });
  expect(
    await readLastFailure({ ...started.deploymentNow(), logs: delivery }, 'landing', NOON),
  ).toMatchObject({
    code: 'S3.AccessDenied',
  });
  expect(asked).toEqual([[expect.stringMatching(/^\/aws\/kinesisfirehose\/sluice-prod/), '']]);
});

it('the registrar failed with a message that it does not know', async () => {
  const invalid = [{ messageId: 'm', code: 'SLUICE_CATALOG_EVENT_INVALID', detail: 'no JSON' }];
  started.errorLog('register')({ event: 'register', invalid });
  expect((await lastFailure('register'))?.text).toMatch(/: SLUICE_CATALOG_EVENT_INVALID: no JSON\.$/);
});

it('a load failed with its error, not with a receipt that the bucket of a customer refused', async () => {
  const load = started.errorLog('ingest-load');
  load({ event: 'ingest_load', error: 'SLUICE_INGEST_LEDGER_UNAVAILABLE', message: 'SlowDown' });
  started.wait(1);
  load({
    event: 'ingest_receipt',
    code: 'SLUICE_RECEIPT_ACCESS_DENIED',
    error: 'AccessDenied: s3:PutObject',
  });
  expect(await lastFailure('ingest-load')).toMatchObject({
    kind: 'busy',
    code: 'SLUICE_INGEST_LEDGER_UNAVAILABLE',
  });
});

it.each([
  { code: 'SLUICE_SOURCE_ACCESS_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_EXPORT_KEY_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_SOURCE_ROLE_DENIED', of: 'a customer', kind: 'error', isByKey: false },
  { code: 'SLUICE_EXPORT_SOURCE_UNAVAILABLE', of: 'the deployment', kind: 'denied', isByKey: true },
])('a run that failed with $code, by a denial of $of, is of the kind $kind', async (row) => {
  const { code, kind, isByKey } = row;
  started.errorLog('export')({ event: 'export', code, detail: 'AccessDenied: kms:Decrypt' });
  expect(await lastFailure('export')).toMatchObject({ code, kind, isByKey });
});

it('a run failed last as Lambda throttled it, unless the log tells of a later failure', async () => {
  const write = started.errorLog('curate-run');
  write({ event: 'curate', code: 'SLUICE_X' });
  started.wait(1);
  started.throttle('curate-run', 2);
  started.throttle('export', 1);
  started.wait(1);
  started.throttle('curate-run', 3);
  const at = new Date(Math.floor(started.clock.now() / MINUTE_MS) * MINUTE_MS).toISOString();
  started.wait(1);
  started.throttle('curate-run', 0);
  started.wait(1);
  expect(await lastFailure('curate-run')).toEqual({
    text: `${at}: Lambda throttled 5 invocations.`,
    kind: 'throttled',
    code: null,
    isByKey: false,
  });
  write({ event: 'curate', code: 'SLUICE_Y' });
  expect(await lastFailure('curate-run')).toMatchObject({ code: 'SLUICE_Y' });
  started.wait(61);
  expect(await lastFailure('curate-run')).toBeNull();
});

it.each([
  // Lambda reports no type of a timeout.
  { status: 'timeout', record: {}, kind: 'timedOut' },
  { status: 'error', record: { errorType: 'TypeError' }, kind: 'error' },
  { status: 'failure', record: { errorType: 'TypeError' }, kind: 'error' },
])('a run of which Lambda reports $status is of the kind $kind', async ({ status, record, kind }) => {
  started.openLog('relay')({ type: 'platform.report', record: { ...record, status } });
  expect(await lastFailure('relay')).toMatchObject({ kind });
});

it('a run that ended well is no failure', async () => {
  started.openLog('erase')({ type: 'platform.report', record: { status: 'success' } });
  expect(await lastFailure('erase')).toBeNull();
});
