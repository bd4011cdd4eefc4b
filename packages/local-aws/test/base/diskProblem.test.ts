import { describe, expect, it } from '@jest/globals';
import { diskProblem, openingProblem } from '../../src/base/diskProblem.ts';
import { DiskError } from '../../src/base/errors.ts';

/** An error of a call of the operating system. */
const failed = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(code), { code, syscall, ...(path === undefined ? {} : { path }) });

describe('diskProblem', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])('takes %s of a file for a full disk', (code) => {
    expect(diskProblem(failed(code, 'write'))).toMatchObject({
      code: 'LOCAL_AWS_DISK_FULL',
      detail: `${code}.`,
    });
  });

  it.each(['EROFS', 'EACCES', 'EPERM', 'EIO'])(
    'takes %s of a file for a directory that can not be written, and of a port it does not',
    (code) => {
      expect(diskProblem(failed(code, 'open'))).toMatchObject({ code: 'LOCAL_AWS_DISK_NOT_WRITABLE' });
      expect(diskProblem(failed(code, 'bind'))).toBeUndefined();
    },
  );

  it.each([
    { what: 'a missing file', error: failed('ENOENT', 'open') },
    { what: 'an error without a code', error: new Error('EIO') },
    { what: 'what is no error', error: { code: 'EIO', syscall: 'open' } },
  ])('is none for $what', ({ error }) => {
    expect(diskProblem(error)).toBeUndefined();
  });
});

describe('openingProblem', () => {
  const DIRECTORY = '/home/ada/data';
  const problem = (error: unknown) => openingProblem(error, DIRECTORY);

  it.each(['ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ENOENT', 'ELOOP', 'ENAMETOOLONG'])(
    'takes %s at a path in the directory for something foreign',
    (code) => {
      expect(problem(failed(code, 'open', `${DIRECTORY}/s3`))).toMatchObject({
        code: 'LOCAL_AWS_DISK_FOREIGN',
      });
      expect(problem(failed(code, 'open'))).toBeUndefined();
    },
  );

  it('takes a folder that can not be made in another for a directory that can not be written', () => {
    expect(problem(failed('ENOENT', 'mkdir', `${DIRECTORY}/s3/.store`))).toMatchObject({
      code: 'LOCAL_AWS_DISK_NOT_WRITABLE',
    });
  });

  it.each([
    { path: '/home/ada', isInside: false },
    { path: '/home/ada/code/handler.mjs', isInside: false },
    { path: DIRECTORY, isInside: true },
    { path: `${DIRECTORY}/..hidden`, isInside: true },
  ])('knows whether a path is in the directory: $path, $isInside', ({ path, isInside }) => {
    expect(problem(failed('EACCES', 'open', path)) !== undefined).toBe(isInside);
  });

  it('keeps an error of the local cloud, also the first of two', () => {
    const own = new DiskError('DISK_DAMAGED', 'a file.');
    expect(problem(own)).toBe(own);
    expect(problem(new SuppressedError(new Error('later'), own))).toBe(own);
  });

  it('takes a full disk for what it is', () => {
    expect(problem(failed('ENOSPC', 'write'))).toMatchObject({ code: 'LOCAL_AWS_DISK_FULL' });
  });
});
