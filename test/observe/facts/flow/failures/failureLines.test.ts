import { expect, it } from '@jest/globals';
import { failureText, reasonOf } from '../../../../../observe/facts/flow/failures/failureLines.ts';

interface EndCase {
  /** How the run ended, as Lambda reports it. */
  readonly record: { readonly status: string; readonly errorType?: string; readonly metrics?: object };
  readonly what: string;
  readonly code: string;
  readonly kind: string;
  readonly text: string;
}

it.each<EndCase>([
  {
    record: {
      status: 'timeout',
      metrics: { durationMs: 900_400, memorySizeMB: 2_048, maxMemoryUsedMB: 300 },
    },
    kind: 'timedOut',
    code: 'timeout',
    what: 'took too long, with its memory',
    text: 'Task timed out after 900 s, with 300 of 2048 MB used',
  },
  {
    record: { status: 'timeout' },
    kind: 'timedOut',
    code: 'timeout',
    what: 'took too long',
    text: 'Task timed out',
  },
  {
    record: { status: 'error', errorType: 'TypeError', metrics: { memorySizeMB: 9 } },
    kind: 'error',
    code: 'TypeError',
    what: 'threw',
    text: 'TypeError: it threw',
  },
  {
    record: {
      status: 'error',
      errorType: 'Runtime.ExitError',
      metrics: { memorySizeMB: 1_000, maxMemoryUsedMB: 950 },
    },
    kind: 'processEnded',
    code: 'Runtime.ExitError',
    what: 'ended with 95 % of its memory used',
    text: 'Runtime.ExitError: its process ended, out of memory, with 950 of 1000 MB used',
  },
  {
    record: {
      status: 'failure',
      errorType: 'Runtime.ExitError',
      metrics: { memorySizeMB: 1_000, maxMemoryUsedMB: 949 },
    },
    kind: 'processEnded',
    code: 'Runtime.ExitError',
    what: 'ended with less of its memory used',
    text: 'Runtime.ExitError: its process ended, most often out of memory, with 949 of 1000 MB used',
  },
  {
    record: { status: 'error', errorType: 'Runtime.ImportModuleError' },
    kind: 'unloaded',
    code: 'Runtime.ImportModuleError',
    what: 'could not load its code',
    text: 'Runtime.ImportModuleError: its code could not be loaded',
  },
  {
    record: { status: 'error', errorType: 'Runtime.OutOfMemory' },
    kind: 'processEnded',
    code: 'Runtime.OutOfMemory',
    what: 'ended out of memory',
    text: 'Runtime.OutOfMemory: its process ended, out of memory',
  },
])('a run that $what failed so by the report of Lambda', ({ record, code, kind, text }) => {
  const reason = reasonOf(JSON.stringify({ type: 'platform.report', record }));
  expect(reason).toEqual({ code, kind, text });
});

it('the text of a failure has its time, and one stop at its end', () => {
  const at = Date.UTC(2026, 10, 20, 12);
  const failed = { code: 'X', kind: 'error' } as const;
  const text = '2026-11-20T12:00:00.000Z: X: no.';
  expect(failureText(at, { ...failed, text: 'X: no' })).toBe(text);
  expect(failureText(at, { ...failed, text: 'X: no.' })).toBe(text);
});

it.each([
  {
    line: { error: 'KMS.DisabledException: arn:aws:kms:x:1:key/a is disabled' },
    code: 'KMS.DisabledException',
    text: 'KMS.DisabledException: arn:aws:kms:x:1:key/a is disabled',
  },
  { line: { error: 'TypeError' }, code: 'TypeError', text: 'TypeError' },
  {
    line: { error: 'SLUICE_X', message: 'It failed: no.' },
    code: 'SLUICE_X',
    text: 'SLUICE_X: It failed: no.',
  },
  {
    line: { code: 'SLUICE_X', error: 'AccessDenied: no' },
    code: 'SLUICE_X',
    text: 'SLUICE_X: AccessDenied: no',
  },
])('the code of $line is the name of its error', ({ line, code, text }) => {
  expect(reasonOf(JSON.stringify(line))).toEqual({ code, text, kind: 'error' });
});

it.each([
  { what: 'no JSON', line: 'no' },
  { what: 'of a run that went on', line: '{"event":"write_damaged","code":"SLUICE_X"}' },
  { what: 'without an error', line: '{"event":"write","ms":1}' },
])('a line that is $what tells no failure', ({ line }) => {
  expect(reasonOf(line)).toBeNull();
});
