import { readFileSync } from 'node:fs';
import { PACKAGE_NAME } from '../../lib/base/version.ts';

/** The release of Serverless's free fork that Sluice is tested with: that of the repository's package.json. */
export const SERVERLESS = 'npm:osls@4.3.1';

/** The settings of a new project. */
export interface ProjectSettings {
  /** The name of the folder and of the npm package, which names in AWS have, too. */
  readonly name: string;
  /** The beginning of the names of its stacks. */
  readonly service: string;
  /** The place from which npm takes Sluice: a version, or the path of a tarball. */
  readonly from: string;
}

/** The files of a project, each with its template: npm would leave a `.gitignore` out of the package. */
const TEMPLATES = {
  'package.json': 'package.json.txt',
  'sluice.config.ts': 'sluice.config.ts.txt',
  'serverless.yml': 'serverless.yml.txt',
  'tsconfig.json': 'tsconfig.json.txt',
  '.github/workflows/sluice.yml': 'workflow.yml.txt',
  '.gitignore': 'gitignore.txt',
  'README.md': 'README.md.txt',
} as const;

/** The files of a new project, by their paths. */
export function projectFiles({ name, service, from }: ProjectSettings): Readonly<Record<string, string>> {
  const values: Readonly<Record<string, string>> = {
    NAME: name,
    SERVICE: service,
    DATABASE: name.replaceAll('-', '_'),
    FROM: from,
    PACKAGE: PACKAGE_NAME,
    SERVERLESS,
  };
  return Object.fromEntries(
    Object.entries(TEMPLATES).map(([path, template]) => {
      const text = readFileSync(new URL(`template/${template}`, import.meta.url), 'utf8');
      return [path, text.replace(/__([A-Z]+)__/g, (whole, key: string) => values[key] ?? whole)];
    }),
  );
}
