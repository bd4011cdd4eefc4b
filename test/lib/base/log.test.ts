import { describe, expect, it } from '@jest/globals';
import { defineErrorFamily } from '../../../lib/base/errors.ts';
import { countMetrics, emfLine, failureFields } from '../../../lib/base/log.ts';

const PERSON = 'ada@example.com';

/** An error as a library throws it: its message quotes the input, in several lines. */
const thrown = (name: string) =>
  Object.assign(new Error(`${PERSON}\n    at home of ${PERSON}\n    at ${PERSON}:1:2`), { name });

describe('the log fields of an unexpected error', () => {
  it('are its name and where it came from, without a word of its message', () => {
    const { error, at, ...more } = failureFields(thrown('TypeError'));
    expect([error, more]).toEqual(['TypeError', {}]);
    expect(at).toContainEqual(expect.stringMatching(/^at .*log[.]test[.]ts/));
    expect(JSON.stringify(at)).not.toContain(PERSON);
  });

  it('have where several were awaited at once', () => {
    const stack = 'TypeError: it\n    at async Promise.all (index 0)\n    at async run (file:///a.mjs:1:2)';
    expect(failureFields(Object.assign(new TypeError('it'), { stack }))).toEqual({
      error: 'TypeError',
      at: ['at async Promise.all (index 0)', 'at async run (file:///a.mjs:1:2)'],
    });
  });

  it('are the type of what is thrown and is no error', () => {
    expect(failureFields(PERSON)).toEqual({ error: 'string' });
  });

  it.each(['AccessDenied', 'AccessDeniedException', 'KMS.DisabledException'])(
    'have what %s says, in 500 characters and without the last stop',
    (name) => {
      const { error } = failureFields(
        Object.assign(thrown(name), { message: `User may not. ${'x'.repeat(600)}.` }),
      );
      expect(error).toBe(`${name}: User may not. ${'x'.repeat(486)}`);
      const short = Object.assign(thrown(name), { message: 'User may not.' });
      expect(failureFields(short)).toMatchObject({ error: `${name}: User may not` });
    },
  );

  const entries = { SLUICE_TEST: { cause: 'It is a test.', cure: 'None.' } };

  it('have the message of an error of ours', () => {
    const Ours = defineErrorFamily('system', entries);
    const { message } = failureFields(new Ours('SLUICE_TEST', 'two objects.'));
    expect(message).toContain('two objects.');
  });

  it('have nothing of the message of an error of ours that is about an input', () => {
    const Ours = defineErrorFamily('user', entries);
    expect(JSON.stringify(failureFields(new Ours('SLUICE_TEST', PERSON)))).not.toContain(PERSON);
  });
});

it('no line of metrics is written without a value', () => {
  expect(emfLine({ namespace: 'n', timestamp: 0, dimensions: {}, values: [] })).toBeNull();
});

it('a line of metrics names them with their units under the function that writes them, and has what else is told', () => {
  const { Rows, Files } = countMetrics('write', 'Rows', 'Files');
  const line = emfLine({
    namespace: 'n',
    timestamp: 5,
    dimensions: { stage: 'prod' },
    values: [
      [Rows, 7],
      [{ ...Files, unit: 'Bytes' }, 2],
    ],
    properties: { day: '2026-11-20' },
  });
  const Metrics = [
    { Name: 'Rows', Unit: 'Count' },
    { Name: 'Files', Unit: 'Bytes' },
  ];
  expect(line).toEqual({
    _aws: {
      Timestamp: 5,
      CloudWatchMetrics: [{ Namespace: 'n', Dimensions: [['function', 'stage']], Metrics }],
    },
    function: 'write',
    stage: 'prod',
    day: '2026-11-20',
    Rows: 7,
    Files: 2,
  });
});
