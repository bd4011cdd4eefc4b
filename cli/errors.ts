import { defineErrorFamily, SluiceError } from '../lib/base/errors.ts';

/** What the file system of this machine refused. */
export const FileSystemError = defineErrorFamily('user', {
  SLUICE_FILE_MISSING: {
    cause: 'There is no such file or folder.',
    cure: 'Check the path. A relative path starts at the folder that you are in.',
  },
  SLUICE_FILE_DENIED: {
    cause: 'The file or folder may not be read or written.',
    cure: 'Check its owner and mode (`ls -ld`), and those of the folders above it, or give another path.',
  },
  SLUICE_FILE_IS_FOLDER: {
    cause: 'A folder is where a file is expected.',
    cure: 'Give the path of a file.',
  },
  SLUICE_FILE_NOT_FOLDER: {
    cause: 'A file is where a folder is expected.',
    cure: 'Give the path of a folder; no part of it may be a file.',
  },
  SLUICE_FILE_EXISTS: {
    cause: 'Something else is already there.',
    cure: 'Move it away, or give another path.',
  },
  SLUICE_FILE_DISK_FULL: {
    cause: 'The disk is full.',
    cure: 'Free some space (`df -h`), or give a path on another disk. What was stored before is kept.',
  },
  SLUICE_FILE_TOO_MANY_OPEN: {
    cause: 'Too many files are open.',
    cure: 'Close other programs, or raise the limit of the shell: `ulimit -n 4096`.',
  },
  SLUICE_FILE_FAILED: {
    cause: 'The file system refused a call.',
    cure: 'The detail has its code, the call and the path. Look at the disk, or give another path.',
  },
});

/** What a command fails with when nobody expected it. */
export const CliError = defineErrorFamily('system', {
  SLUICE_CLI_DEFECT: {
    cause: 'Something failed that nobody expected.',
    cure: 'This is a fault of Sluice. Report the command and the stack that it prints on stderr.',
  },
});

/** By the code of Node's system errors: https://nodejs.org/api/errors.html#common-system-errors */
const FILE_CODES = {
  ENOENT: 'SLUICE_FILE_MISSING',
  EACCES: 'SLUICE_FILE_DENIED',
  EPERM: 'SLUICE_FILE_DENIED',
  EROFS: 'SLUICE_FILE_DENIED',
  EISDIR: 'SLUICE_FILE_IS_FOLDER',
  ENOTDIR: 'SLUICE_FILE_NOT_FOLDER',
  EEXIST: 'SLUICE_FILE_EXISTS',
  ENOTEMPTY: 'SLUICE_FILE_EXISTS',
  ENOSPC: 'SLUICE_FILE_DISK_FULL',
  EDQUOT: 'SLUICE_FILE_DISK_FULL',
  EMFILE: 'SLUICE_FILE_TOO_MANY_OPEN',
  ENFILE: 'SLUICE_FILE_TOO_MANY_OPEN',
} as const;
/** Calls of sockets and processes: their codes mean something else. */
const OTHER_CALLS = /^(connect|bind|listen|accept|getaddrinfo|spawn|kill|send|recv)/;
/** Errors within errors that are looked into. */
const MOST_CAUSES = 5;

/** What `--json` prints on stdout when a command fails: docs/errors.md. */
export interface ErrorObject {
  readonly code: string;
  /** What happened, with the thing at hand. */
  readonly message: string;
  /** The same of every error with this code. */
  readonly cause: string;
  readonly cure: string;
}

/**
 * What came of a command, as one of our own errors.
 *
 * @param command The command's name, which hints for its help then have.
 */
export function errorObject(error: unknown, command?: string): ErrorObject {
  const { code, message, detail, cure } = asSluiceError(error);
  return {
    code,
    message,
    cause: detail === '' ? message : message.slice(0, -detail.length - 1),
    cure: command === undefined ? cure : cure.replace('sluice <command>', `sluice ${command}`),
  };
}

/**
 * The same for people: what happened and what to do, a line each; of a defect its stack, too. Lines after the first are
 * indented: whatever a message quotes can't pass for one of our own.
 */
export function errorText(error: unknown, command?: string): string {
  const { code, message, cure } = errorObject(error, command);
  const indented = message.trimEnd().replaceAll('\n', '\n  ');
  const stack =
    code === 'SLUICE_CLI_DEFECT' && error instanceof Error && error.stack !== undefined
      ? `${error.stack.replaceAll('\n', '\n  ')}\n`
      : '';
  return `${code}: ${indented}\n  ${cure}\n${stack}`;
}

function asSluiceError(error: unknown): SluiceError {
  if (isSluiceError(error)) return error;
  const ofFile = fileError(error, MOST_CAUSES);
  if (ofFile !== undefined) return ofFile;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new CliError('SLUICE_CLI_DEFECT', text, { cause: error });
}

/** The emulator's errors have the same members, under a class of its own. */
function isSluiceError(error: unknown): error is SluiceError {
  if (error instanceof SluiceError) return true;
  return error instanceof Error && 'cure' in error && 'code' in error && /^SLUICE_/.test(String(error.code));
}

function fileError(error: unknown, causes: number): SluiceError | undefined {
  if (!(error instanceof Error) || causes === 0) return undefined;
  if (!('code' in error && 'syscall' in error)) return fileError(error.cause, causes - 1);
  const [code, call] = [String(error.code), String(error.syscall)];
  if (OTHER_CALLS.test(call)) return undefined;
  const where = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
  // A folder was to be made where a file lies.
  const isOnFile = code === 'EEXIST' && call === 'mkdir';
  const known = Object.entries(FILE_CODES).find(([name]) => name === (isOnFile ? 'ENOTDIR' : code))?.[1];
  return new FileSystemError(known ?? 'SLUICE_FILE_FAILED', `${where}${code} (${call}).`, { cause: error });
}
