import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../cli/terminal/commandLine.ts';
import { commandError, errorText } from '../../../cli/terminal/errors.ts';

/** An error of Node for a call. @param more Other members of it. */
const nodeError = (syscall: string, more: object = {}) =>
  Object.assign(new Error('no'), { code: 'ENOENT', syscall, errno: -2, ...more });

/** An error behind as many others, each the cause of the one before. */
const behind = (others: number, cause: Error): Error =>
  others === 0 ? cause : new Error('outer', { cause: behind(others - 1, cause) });

describe('an error of the file system', () => {
  it.each(['ENOENT', 'EACCES', 'EIO'])('has its path, its code and its call: %s', (code) => {
    const error = nodeError('open', { code, path: '/a/b' });
    expect(commandError(error)).toMatchObject({
      code: 'SLUICE_FILE_FAILED',
      message: expect.stringMatching(new RegExp(` /a/b: ${code} \\(open\\)\\.$`)),
    });
    expect(errorText(error).split('\n')).toHaveLength(3);
  });

  it.each([{}, { path: undefined }])('has its code and its call without a path: %j', (more) => {
    expect(commandError(nodeError('write', more)).message).toMatch(/could not be used\. ENOENT \(write\)\.$/);
  });

  it('is found behind four others, and not behind five', () => {
    const codeBehind = (others: number) => commandError(behind(others, nodeError('open'))).code;
    expect([codeBehind(0), codeBehind(1), codeBehind(4)]).toEqual(Array(3).fill('SLUICE_FILE_FAILED'));
    expect(codeBehind(5)).toBe('SLUICE_CLI_DEFECT');
  });

  it.each(['connect', 'bind', 'getaddrinfo', 'spawn git', 'kill'])(
    'is none of a socket or a process: %s',
    (syscall) => {
      expect(commandError(nodeError(syscall)).code).toBe('SLUICE_CLI_DEFECT');
    },
  );
});

describe('an error that has a code', () => {
  const told = { cure: 'make it', detail: 'a' };
  it.each([
    { what: 'keeps it, of another class too', members: { code: 'SLUICE_X', ...told }, code: 'SLUICE_X' },
    {
      what: 'is a defect if the code is none of ours',
      members: { code: 'X', ...told },
      code: 'SLUICE_CLI_DEFECT',
    },
    {
      what: 'is a defect without a cure',
      members: { code: 'SLUICE_X', detail: 'a' },
      code: 'SLUICE_CLI_DEFECT',
    },
    {
      what: 'is a defect without a detail',
      members: { code: 'SLUICE_X', cure: 'make it' },
      code: 'SLUICE_CLI_DEFECT',
    },
  ])('$what', ({ members, code }) => {
    expect(commandError(Object.assign(new Error('no bucket: a'), members)).code).toBe(code);
  });

  it('names the command that failed, in the place that it is about', () => {
    const error = new UsageError('SLUICE_USAGE_OPTIONS', '--x.');
    expect(commandError(error, { name: 'doctor', target: [] }).cure).toBe('See `sluice doctor --help`.');
    const cured = Object.assign(new Error('x'), {
      code: 'SLUICE_X',
      cure: 'Run `sluice status`.',
      detail: '',
    });
    const target = ['--stage', 'prod'];
    expect(commandError(cured, { name: 'doctor', target }).cure).toBe('Run `sluice status --stage prod`.');
  });

  it('is two lines, and further lines of what it quotes are indented', () => {
    const error = new UsageError('SLUICE_USAGE_OPTIONS', 'a\nSLUICE_FORGED: b\n');
    const [first, quoted, cure, ...rest] = errorText(error).split('\n');
    expect(first).toMatch(/^SLUICE_USAGE_OPTIONS: .* a$/);
    expect([quoted, cure, ...rest]).toEqual(['  SLUICE_FORGED: b', expect.stringMatching(/^ {2}See /), '']);
  });
});

describe('a defect', () => {
  it('has its stack trace, each line indented but the first', () => {
    const text = errorText(new TypeError('x is not a function'));
    expect(text).toMatch(/^SLUICE_CLI_DEFECT: .*TypeError: x is not a function\n {2}.*\nTypeError: x/);
    expect(text).toMatch(/\n {6}at /);
  });

  it('that is no error is told as a text', () => {
    expect(errorText('thrown')).toMatch(/^SLUICE_CLI_DEFECT: .* thrown\n {2}.*\n$/);
  });
});
