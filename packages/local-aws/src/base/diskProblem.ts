import { isAbsolute, relative, sep } from 'node:path';
import { DiskError, LocalAwsError } from './errors.ts';
import { codeOf } from './nodeErrors.ts';

/** Kinds of disk problems, by the system's error code: https://nodejs.org/api/errors.html#common-system-errors */
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
const FOREIGN: ReadonlySet<string> = new Set([
  'ENOTDIR',
  'EISDIR',
  'EEXIST',
  'ENOTEMPTY',
  'ENOENT',
  'ELOOP',
  'ENAMETOOLONG',
]);
/** Calls of sockets and processes, whose codes have another meaning. */
const OTHER_CALLS = /^(connect|bind|listen|accept|getaddrinfo|spawn|kill|send|recv)/;

/** An error of a call of the operating system. */
interface SystemError {
  /** The system's code: `ENOSPC`. */
  readonly code: string;
  /** The call that failed: `open`. */
  readonly call: string;
  /** The path of the call; absent if the call has none. */
  readonly path?: string;
}

/** The error of a call on files; undefined for any other error, as of the network. */
function systemError(error: unknown): SystemError | undefined {
  const code = codeOf(error);
  if (!(error instanceof Error) || code === undefined) return undefined;
  const call = 'syscall' in error ? String(error.syscall) : '';
  if (OTHER_CALLS.test(call)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? { path: error.path } : {};
  return { code, call, ...path };
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
  // If closing an opened resource failed as well, the first failure counts.
  if (error instanceof Error && 'suppressed' in error) return openingProblem(error.suppressed, directory);
  const { code = '', call, path } = systemError(error) ?? {};
  // Other files, such as the code of functions, are not the disk's fault.
  if (path !== undefined && isOutside(relative(directory, path))) return undefined;
  const detail = error instanceof Error ? `${error.message}.` : '';
  // On a file system that can't be written, Node reports for folders within folders that one is missing.
  if (code === 'ENOENT' && call === 'mkdir')
    return new DiskError('DISK_NOT_WRITABLE', detail, { cause: error });
  if (path !== undefined && FOREIGN.has(code)) return new DiskError('DISK_FOREIGN', detail, { cause: error });
  return diskProblem(error);
}

/** Whether a relative path leads out of its folder. */
function isOutside(path: string): boolean {
  return path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
}
