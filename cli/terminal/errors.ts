import { defineErrorFamily, type ErrorObject, errorObject, type SluiceError } from '../../lib/base/errors.ts';
import { targetCommands } from '../../observe/commands.ts';

/** Errors of this machine's file system. */
export const FileSystemError = defineErrorFamily('user', {
  SLUICE_FILE_FAILED: {
    cause: 'A file or folder could not be used.',
    cure: 'Read the detail: ENOENT is a path that does not exist (a relative one starts at the current folder), EACCES, EPERM and EROFS one that you may not use (`ls -ld`), EISDIR a folder in place of a file, ENOTDIR a file in place of a folder, EEXIST something that is there already, ENOSPC a full disk, EMFILE too many open files (`ulimit -n 4096`).',
  },
});

/** Unexpected errors of a command. */
export const CliError = defineErrorFamily('system', {
  SLUICE_CLI_DEFECT: {
    cause: 'An unexpected error occurred.',
    cure: 'This is a defect of Sluice. Report the command and the stack trace that it prints on stderr.',
  },
});

/** Calls of sockets and processes, whose codes have another meaning: https://nodejs.org/api/errors.html#common-system-errors */
const OTHER_CALLS = /^(connect|bind|listen|accept|getaddrinfo|spawn|kill|send|recv)/;
/** The depth to which causes of errors are searched. */
const MOST_CAUSES = 5;

/** The command that failed. */
interface FailedCommand {
  /** The word behind `sluice`: `groups`. */
  readonly name: string;
  /** Options that name its deployment, for the commands of a cure. */
  readonly target: readonly string[];
}

/** An error as an object; an error of another class becomes one of Sluice's own. */
export function commandError(error: unknown, command?: FailedCommand): ErrorObject {
  const object = errorObject(asSluiceError(error));
  if (command === undefined) return object;
  const cure = object.cure.replace('sluice <command>', `sluice ${command.name}`);
  return { ...object, cure: targetCommands(cure, command.target) };
}

/**
 * An error for people: what happened and what to do, on one line each; for a defect also the stack trace. Lines after the
 * first are indented, so that text quoted in a message cannot look like an error of Sluice.
 */
export function errorText(error: unknown, command?: FailedCommand): string {
  const { code, message, cure } = commandError(error, command);
  const indented = message.trimEnd().replaceAll('\n', '\n  ');
  const stack =
    code === 'SLUICE_CLI_DEFECT' && error instanceof Error && error.stack !== undefined
      ? `${error.stack.replaceAll('\n', '\n  ')}\n`
      : '';
  return `${code}: ${indented}\n  ${cure}\n${stack}`;
}

/** Converts any error to one with a code: what nobody expected is a defect. */
function asSluiceError(error: unknown): SluiceError {
  if (isSluiceError(error)) return error;
  const ofFile = fileError(error, MOST_CAUSES);
  if (ofFile !== undefined) return ofFile;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new CliError('SLUICE_CLI_DEFECT', text, { cause: error });
}

/** Whether an error has a code and a cure of Sluice: a SluiceError, or one of the emulator, which is of another class. */
function isSluiceError(error: unknown): error is SluiceError {
  const isComplete = error instanceof Error && 'code' in error && 'cure' in error && 'detail' in error;
  return isComplete && /^SLUICE_/.test(String(error.code));
}

/** The error of a file among the causes of an error; undefined if there is none. */
function fileError(error: unknown, causes: number): SluiceError | undefined {
  if (!(error instanceof Error) || causes === 0) return undefined;
  if (!('code' in error && 'syscall' in error)) return fileError(error.cause, causes - 1);
  const code = String(error.code);
  const call = String(error.syscall);
  if (OTHER_CALLS.test(call)) return undefined;
  const where = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
  return new FileSystemError('SLUICE_FILE_FAILED', `${where}${code} (${call}).`, { cause: error });
}
