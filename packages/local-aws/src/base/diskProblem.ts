import { DiskError, LocalAwsError } from './errors.ts';

/** What the system's codes say of the disk: https://nodejs.org/api/errors.html#common-system-errors */
const KINDS = new Map<string, 'DISK_FULL' | 'DISK_NOT_WRITABLE'>([
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
  ['EFBIG', 'DISK_FULL'],
  ['EROFS', 'DISK_NOT_WRITABLE'],
  ['EACCES', 'DISK_NOT_WRITABLE'],
  ['EPERM', 'DISK_NOT_WRITABLE'],
  ['EIO', 'DISK_NOT_WRITABLE'],
]);
/** Something else is where a file or folder of the local cloud belongs. */
const FOREIGN: ReadonlySet<string> = new Set(['ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ENOENT']);
/** Calls of sockets and processes, whose codes have another meaning. */
const OTHER_CALLS = /^(connect|bind|listen|accept|getaddrinfo|spawn|kill|send|recv)/;

interface SystemError {
  readonly code: string;
  readonly path?: string;
}

function systemError(error: unknown): SystemError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  if ('syscall' in error && OTHER_CALLS.test(String(error.syscall))) return undefined;
  return 'path' in error && typeof error.path === 'string'
    ? { code: error.code, path: error.path }
    : { code: error.code };
}

/** The error for a disk that is full or can't be written; undefined for any other error. */
export function diskProblem(error: unknown): LocalAwsError | undefined {
  const found = systemError(error);
  const kind = KINDS.get(found?.code ?? '');
  if (kind === undefined) return undefined;
  return new DiskError(kind, error instanceof Error ? `${error.message}.` : '', { cause: error });
}

/** Like {@link diskProblem}, of what fails while a data directory is opened: something in it may not be ours. */
export function openingProblem(error: unknown, directory: string): LocalAwsError | undefined {
  if (error instanceof LocalAwsError) return error;
  const { code = '', path } = systemError(error) ?? {};
  // Other files, such as the code of functions, are not the disk's fault.
  if (path !== undefined && path !== directory && !path.startsWith(`${directory}/`)) return undefined;
  if (path !== undefined && FOREIGN.has(code))
    return new DiskError('DISK_FOREIGN', error instanceof Error ? `${error.message}.` : '', { cause: error });
  return diskProblem(error);
}
