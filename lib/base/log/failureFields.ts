import { SluiceError } from '../errors/SluiceError.ts';

/**
 * What a log may say of an error that nobody expected: its name and where it happened. Not its message: V8 and
 * libraries quote in it what they choked on, which may be somebody's data. Our own errors' messages never do.
 */
export function failureFields(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { error: typeof error };
  const at = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
  const own = error instanceof SluiceError && error.fault === 'system' ? { message: error.message } : null;
  return { error: error.name, ...own, at };
}
