import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { DiskError, LocalCloudError } from '../base/errors.ts';
import { codeOf } from '../base/nodeErrors.ts';

/** The folders of one data directory, absolute. Each of them but the root belongs to one service. */
export interface DataFolders {
  /** The data directory itself. It has locks of processes besides the folders. */
  readonly root: string;
  /** Buckets with their objects. */
  readonly s3: string;
  /** The catalog. */
  readonly glue: string;
  /** The journals of streams. */
  readonly firehose: string;
  /** The queues. */
  readonly sqs: string;
  /** The secrets. */
  readonly secrets: string;
  /** Workgroups, prepared statements and the history of queries. */
  readonly athena: string;
  /** Access keys and sessions. */
  readonly iam: string;
  /** Keys. */
  readonly kms: string;
  /** The stack as it is deployed. */
  readonly cloudformation: string;
  /** The logs of functions and streams. */
  readonly logs: string;
  /** Metrics. */
  readonly cloudwatch: string;
}

/** The folders of a data directory. Nothing is created. */
export function dataFolders(directory: string): DataFolders {
  const root = resolve(directory);
  return {
    root,
    s3: join(root, 's3'),
    glue: join(root, 'glue'),
    firehose: join(root, 'firehose'),
    sqs: join(root, 'sqs'),
    secrets: join(root, 'secretsmanager'),
    athena: join(root, 'athena'),
    iam: join(root, 'iam'),
    kms: join(root, 'kms'),
    cloudformation: join(root, 'cloudformation'),
    logs: join(root, 'logs'),
    cloudwatch: join(root, 'cloudwatch'),
  };
}

/** Files that the first start creates. If one exists, the folders belong to the local cloud. */
const OWN = ['s3/.store', 'athena/workgroups.json', 'cloudformation/stack.json'];

/**
 * Requires that what is in the folders of a data directory is the cloud's: in a directory that holds other things, such
 * as a project, `logs` or `s3` may be somebody else's.
 *
 * @throws DiskError DISK_FOREIGN, before anything is changed.
 */
export function requireOwnFolders({ root, ...folders }: DataFolders): void {
  if (OWN.some((path) => existsSync(join(root, path)))) return;
  for (const folder of Object.values(folders)) {
    const [found] = existsSync(folder) ? readdirSync(folder).sort() : [];
    if (found !== undefined) throw new DiskError('DISK_FOREIGN', `${join(folder, found)}.`);
  }
}

/** Permission bits of a folder that only its owner can read. */
const FOLDER_MODE = 0o700;
/** Permission bits of a file that only its owner can read. */
const FILE_MODE = 0o600;

/** Permission bits of the group and of all other users. */
export const OTHERS = 0o077;

/** Options of {@link makeDataPrivate}. */
export interface PrivateDataOptions {
  /** User ID of this process; undefined if there is no ID, as on Windows. Default the process's own. */
  readonly uid?: number | undefined;
  /** Called with a sentence about permissions that were changed, and about those that could not be. */
  readonly onWarning: (sentence: string) => void;
}

/**
 * Makes a data directory accessible to its owner only: it holds customers' files, secrets and keys. Whoever may not enter a
 * folder reaches nothing below it. In a directory that holds other things as well, the cloud's own folders are changed
 * instead.
 *
 * @throws LocalCloudError `LOCAL_DATA_NOT_YOURS` for a directory of another user, who could read all of it.
 */
export function makeDataPrivate({ root, ...folders }: DataFolders, options: PrivateDataOptions): void {
  const { uid = process.getuid?.(), onWarning } = options;
  if (uid === undefined) return;
  mkdirSync(root, { recursive: true, mode: FOLDER_MODE });
  const ownFolders = Object.values(folders);
  const shared = readdirSync(root).some(
    (name) => !ownFolders.includes(join(root, name)) && !/^lock\.\d+$/.test(name),
  );
  const present = ownFolders.filter((folder) => existsSync(folder));
  for (const folder of [root, ...present]) requireOwner(folder, uid);
  for (const folder of shared ? present : [root]) {
    if ((statSync(folder).mode & OTHERS) === 0) continue;
    chmodSync(folder, FOLDER_MODE);
    onWarning(
      (statSync(folder).mode & OTHERS) === 0
        ? `Other users of this machine could read ${folder}. Now only its owner can.`
        : `Other users of this machine can read ${folder}: its file system keeps no permissions.`,
    );
  }
}

/**
 * Requires that a folder belongs to this process's user or to the machine's administrator, who can read everything anyway. A
 * process of the administrator may use any folder.
 */
function requireOwner(folder: string, uid: number): void {
  const owner = statSync(folder).uid;
  if (owner !== uid && owner !== 0 && uid !== 0)
    throw new LocalCloudError('LOCAL_DATA_NOT_YOURS', `${folder} belongs to the user ${owner}.`);
}

/** The name of a lock: this, and the ID of its process. */
const PREFIX = 'lock.';

/**
 * Locks a data directory for this process: two clouds that write the same journals would damage them.
 *
 * Each process creates its own file, `lock.<pid>`, before it looks for others. So if two start at the same time,
 * at least one sees the other. The file of a process that no longer runs (kill -9) is ignored.
 *
 * @returns A function that releases the lock.
 * @throws LocalCloudError `LOCAL_DATA_IN_USE` with the other's process id.
 */
export function lockDataDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: FOLDER_MODE });
  const lockFile = join(directory, `${PREFIX}${process.pid}`);
  writeFileSync(lockFile, '', { mode: FILE_MODE });
  const release = () => rmSync(lockFile, { force: true });
  const otherPids = readdirSync(directory)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => Number(name.slice(PREFIX.length)))
    .filter((pid) => pid !== process.pid);
  const holder = otherPids.find(isRunning);
  if (holder !== undefined) {
    release();
    const file = join(directory, `${PREFIX}${holder}`);
    throw new LocalCloudError('LOCAL_DATA_IN_USE', `Process ${holder} holds it by ${file}.`);
  }
  for (const gone of otherPids) rmSync(join(directory, `${PREFIX}${gone}`), { force: true });
  return release;
}

/** Notes in the lock of this process where its cloud answers, so that other processes find it by its data directory. */
export function announceEndpoint(directory: string, endpoint: string): void {
  writeFileSync(join(directory, `${PREFIX}${process.pid}`), endpoint, { mode: FILE_MODE });
}

/** The endpoint of the cloud that runs on a data directory; undefined when none runs, or when it is starting. */
export function runningEndpoint(directory: string): string | undefined {
  if (!existsSync(directory)) return undefined;
  const lock = readdirSync(directory).find(
    (name) => name.startsWith(PREFIX) && isRunning(Number(name.slice(PREFIX.length))),
  );
  if (lock === undefined) return undefined;
  try {
    // The lock is empty until the cloud answers.
    return readFileSync(join(directory, lock), 'utf8') || undefined;
  } catch (error) {
    // The process has just ended.
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes everything from a data directory that no cloud is using.
 *
 * @throws LocalCloudError `LOCAL_DATA_IN_USE`, in which case nothing is removed.
 */
export function emptyDataDirectory(directory: string): void {
  const release = lockDataDirectory(directory);
  try {
    for (const name of readdirSync(directory)) {
      if (!name.startsWith(PREFIX)) rmSync(join(directory, name), { recursive: true });
    }
  } finally {
    release();
  }
}

/** Whether a process runs. The signal 0 is not sent: EPERM says that the process is another user's. */
function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
