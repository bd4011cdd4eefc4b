import { defineErrorFamily } from '../lib/errors/defineErrorFamily.ts';

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
