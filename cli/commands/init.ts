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
import { InitError, ownPackage } from '../project/ownPackage.ts';
import { projectFiles } from '../project/projectFiles.ts';
import { type Command, onlyArgument, textOption, UsageError } from '../terminal/commandLine.ts';
import { writeResult } from '../terminal/output.ts';

/** Bucket names have at most 63 characters, and this one becomes `<name>-<stage>`. */
const NAME = /^(?=.{3,32}$)[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Files that a folder may contain: those of an empty clone, and those that macOS leaves. */
const IGNORED: readonly string[] = ['.git', '.DS_Store'];

/** A project that was made. */
export interface MadeProject {
  /** Name of its package. */
  readonly name: string;
  /** Path of its folder. */
  readonly folder: string;
  /** Version of Sluice. */
  readonly version: string;
  /** Where npm gets Sluice from. */
  readonly sluice: string;
  /** Paths of its files. */
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
        `--service: expected ${service.error.issues[0]?.message}.`,
      );
    requireEmpty(root);
    const installed = ownPackage(codeRoot);
    const files = projectFiles({ name, service: service.data, from: installed.from });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      // A file that has appeared since is not replaced.
      writeFileSync(join(root, path), text, { flag: 'wx' });
    }
    if (installed.tarball !== undefined)
      copyFileSync(installed.tarball.from, join(root, installed.tarball.name), constants.COPYFILE_EXCL);
    const shown = visibleLine(relative(process.cwd(), root) || '.');
    const next = [...(shown === '.' ? [] : [shellCommand(['cd', shown])]), 'npm install', 'npx sluice start'];
    writeResult<MadeProject>(
      line,
      { name, folder: root, version: VERSION, sluice: installed.from, files: Object.keys(files), next },
      () => {
        const steps = next.map((step) => `  ${step}\n`).join('');
        return `Made ${shown}: ${Object.keys(files).join(', ')}.\n\nNext:\n${steps}`;
      },
    );
    return 0;
  },
};

/** @throws InitError SLUICE_INIT_NOT_EMPTY. */
function requireEmpty(root: string): void {
  if (!existsSync(root)) return;
  if (!statSync(root).isDirectory())
    throw new InitError('SLUICE_INIT_NOT_EMPTY', `${visibleLine(root)} is a file.`);
  const [found, ...others] = readdirSync(root).filter((name) => !IGNORED.includes(name));
  if (found === undefined) return;
  const rest = others.length === 0 ? '' : ` and ${others.length} more`;
  throw new InitError('SLUICE_INIT_NOT_EMPTY', `${visibleLine(root)} has ${visibleLine(found)}${rest}.`);
}
