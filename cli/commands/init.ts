import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { shellCommand, visibleLine } from '../../lib/base/text.ts';
import { VERSION } from '../../lib/base/version.ts';
import { DEFAULT_SERVICE, serviceName } from '../../lib/schema/stages.ts';
import { codeRoot } from '../../local/roots.ts';
import { InitError, type OwnPackage, ownPackage } from '../project/ownPackage.ts';
import { type ProjectSettings, projectFiles } from '../project/projectFiles.ts';
import { type Command, onlyArgument, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/**
 * A project's name: buckets, databases and workgroups are named after it. Bucket names have at most 63 characters: with 32
 * of them a stage of `<name>-<stage>` may have 30.
 */
const NAME = /^(?=.{3,32}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Files that a folder may contain: those of an empty clone, and those that macOS leaves. */
const IGNORED: readonly string[] = ['.git', '.DS_Store'];

/** A project that was made. */
interface MadeProject {
  /** Name of its package. */
  readonly name: string;
  /** Path of its folder. */
  readonly folder: string;
  /** Version of Sluice. */
  readonly version: string;
  /** Where npm gets Sluice from. */
  readonly sluice: string;
  /** Paths of its files in that folder, with the tarball of Sluice if it has one. */
  readonly files: readonly string[];
  /** Commands to run next. */
  readonly next: readonly string[];
}

/** `sluice init`: a project of one's own. */
export const init: Command = {
  name: 'init',
  summary:
    'Make a project of your own: a folder with a configuration, for the local cloud and for deployments.',
  takes: 'FOLDER',
  options: {
    service: {
      type: 'string',
      help: `what all names of its stacks in AWS begin with (default: ${DEFAULT_SERVICE})`,
    },
  },
  examples: ['sluice init my-pipeline', 'sluice init my-pipeline --service acme-events'],
  async run(line) {
    const root = resolve(onlyArgument(line.positionals, 'one folder, e.g. my-pipeline'));
    const name = basename(root);
    if (!NAME.test(name)) throw new InitError('SLUICE_INIT_NAME', `${JSON.stringify(name)}.`);
    const service = serviceName().safeParse(textOption(line, 'service') ?? DEFAULT_SERVICE);
    if (!service.success)
      throw new UsageError(
        'SLUICE_USAGE_OPTIONS',
        `--service: expected ${service.error.issues.map(({ message }) => message).join('; ')}.`,
      );
    requireEmpty(root);
    const installed = ownPackage(codeRoot);
    const files = writeProject(root, installed, { name, service: service.data });
    const path = relative(process.cwd(), root) || '.';
    const next = [...(path === '.' ? [] : [shellCommand(['cd', path])]), 'npm install', 'npx sluice start'];
    writeResult<MadeProject>(
      line,
      { name, folder: root, version: VERSION, sluice: installed.from, files, next },
      () => {
        const steps = next.map((step) => `  ${step}\n`).join('');
        return `Made ${visibleLine(path)}: ${files.join(', ')}.\n\nNext:\n${steps}`;
      },
    );
    return 0;
  },
};

/** Writes a project into a folder that was found empty. What has appeared since is not replaced. @returns Paths of its files. */
function writeProject(
  root: string,
  { from, tarball }: OwnPackage,
  names: Omit<ProjectSettings, 'from'>,
): readonly string[] {
  const texts = projectFiles({ ...names, from });
  mkdirSync(root, { recursive: true });
  // First, because it is what may be gone.
  if (tarball !== undefined) copyFileSync(tarball.from, join(root, tarball.name), constants.COPYFILE_EXCL);
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { flag: 'wx' });
  }
  return [...Object.keys(texts), ...(tarball === undefined ? [] : [tarball.name])];
}

/** Requires that a folder is absent, or has nothing but {@link IGNORED}. @throws InitError SLUICE_INIT_NOT_EMPTY. */
function requireEmpty(root: string): void {
  if (!existsSync(root)) return;
  if (!statSync(root).isDirectory())
    throw new InitError('SLUICE_INIT_NOT_EMPTY', `${visibleLine(root)} is no folder.`);
  const [found, ...others] = readdirSync(root).filter((name) => !IGNORED.includes(name));
  if (found === undefined) return;
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new InitError('SLUICE_INIT_NOT_EMPTY', `${visibleLine(root)} has ${visibleLine(found)}${rest}.`);
}
