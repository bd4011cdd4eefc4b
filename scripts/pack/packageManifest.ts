import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_NAME } from '../../lib/base/version.ts';
import { TYPED_ENTRY } from './buildTypes.ts';

/** The address of the repository. */
const REPOSITORY = 'git+https://github.com/sluice-pipeline/sluice.git';
/** Matches an exact version: the dependencies of a project may not change unless our version does. */
const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/**
 * The package.json of the npm package. Its dependencies are the packages that the built code imports, in the versions
 * of the repository.
 *
 * @param imported Names of the packages that the built code imports.
 * @throws Error when one of them has no exact version in the repository.
 */
export function packageManifest(root: string, version: string, imported: ReadonlySet<string>): unknown {
  const repositoryManifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const known: Readonly<Record<string, string>> = {
    ...repositoryManifest.devDependencies,
    ...repositoryManifest.dependencies,
  };
  const dependencies = [...imported].toSorted().map((name) => {
    const exact = known[name] ?? '';
    if (!EXACT.test(exact)) throw new Error(`${name}: package.json has no exact version of it.`);
    return [name, exact];
  });
  return {
    name: PACKAGE_NAME,
    version,
    description: repositoryManifest.description,
    keywords: ['statsig', 'experimentation', 'events', 'firehose', 'glue', 'athena', 'parquet', 'serverless'],
    license: repositoryManifest.license,
    repository: { type: 'git', url: REPOSITORY },
    type: 'module',
    engines: { node: '>=24' },
    bin: { sluice: 'cli/sluice.mjs' },
    exports: {
      '.': { types: `./${TYPED_ENTRY}.d.ts`, default: `./${TYPED_ENTRY}.js` },
      './serverless': './infra/serverless/plugin.cjs',
      './package.json': './package.json',
    },
    imports: { '#package': './package.json' },
    dependencies: Object.fromEntries(dependencies),
    publishConfig: { access: 'public', provenance: true },
  };
}
