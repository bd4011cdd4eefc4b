import { describe, expect, it } from '@jest/globals';
import { ImportGraph } from '../../harness/importGraph.ts';

const graph = new ImportGraph(
  new Map([
    [
      'test/unit/a.test.ts',
      "import { a } from '../../lib/a.ts';\nimport type { T } from '../../lib/types.ts';\n",
    ],
    [
      'test/unit/b.test.ts',
      "import {\n  b,\n} from '../../lib/b.ts';\nimport { type T } from '../../lib/types.ts';\n",
    ],
    ['test/unit/c.test.ts', "const page = new URL('../../docs/deploy.md', import.meta.url);\n"],
    ['test/unit/d.test.ts', "import config from '#config';\n"],
    ['lib/a.ts', "export * from './deep/c.ts';\n"],
    ['lib/b.ts', "const { c } = await import('./deep/c.ts');\nimport './a.ts';\n"],
    ['lib/deep/c.ts', "import { b } from '../b.ts';\n"],
    ['lib/types.ts', "import { sql } from './sql.ts';\n"],
    ['lib/sql.ts', "import { S3Client } from '@aws-sdk/client-s3';\n"],
    ['lib/config.ts', "import { type T, sql } from './sql.ts';\n"],
    [
      'test/unit/e.test.ts',
      "spawn(join(root, 'bin', 'tool.mjs'));\nconst Plugin = createRequire(import.meta.url)('../../bin/plugin.cjs');\nconst files = { 'bin/other.ts': '' };\n",
    ],
    ['bin/tool.mjs', ''],
    ['bin/plugin.cjs', ''],
    ['bin/child.ts', "import '../lib/config.ts';\n"],
    ['bin/other.ts', ''],
    ['test/unit/f.test.ts', "import { main } from '../../bin/main.ts';\nmain(['one']);\n"],
    ['bin/main.ts', "import './commands/one.ts';\nimport './commands/two.ts';\n"],
    ['bin/commands/one.ts', "await import('../child.ts');\n"],
    ['bin/commands/two.ts', "await import('../other.ts');\n"],
  ]),
  { '#config': 'lib/config.ts' },
  { 'bin/tool.mjs': 'bin/child.ts' },
  /^bin\/commands\/(\w+)\.ts$/,
);
const suites = [
  'test/unit/e.test.ts',
  'test/unit/d.test.ts',
  'test/unit/c.test.ts',
  'test/unit/b.test.ts',
  'test/unit/a.test.ts',
];

describe('the graph of imports', () => {
  it('follows imports, exports and calls of import, in circles too', () => {
    expect([...graph.reach('test/unit/b.test.ts')].sort()).toEqual([
      'lib/a.ts',
      'lib/b.ts',
      'lib/deep/c.ts',
      'test/unit/b.test.ts',
    ]);
  });

  it('finds the suites that a change can reach', () => {
    const both = ['test/unit/a.test.ts', 'test/unit/b.test.ts'];
    expect(graph.suitesOf(['lib/deep/c.ts'], suites)).toEqual({ suites: both, unreached: [] });
    expect(graph.suitesOf(['test/unit/c.test.ts'], suites).suites).toEqual(['test/unit/c.test.ts']);
  });

  it('leaves out who needs the types alone', () => {
    expect(graph.suitesOf(['lib/types.ts'], suites).suites).toEqual([]);
    expect(graph.suitesOf(['lib/sql.ts'], suites.slice(1)).suites).toEqual(['test/unit/d.test.ts']);
  });

  it('follows paths that a module starts, but no keys of objects', () => {
    expect([...graph.reach('test/unit/e.test.ts')].sort()).toEqual([
      'bin/child.ts',
      'bin/plugin.cjs',
      'bin/tool.mjs',
      'lib/config.ts',
      'lib/sql.ts',
      'test/unit/e.test.ts',
    ]);
  });

  it('follows a command only from tests that say its name', () => {
    expect([...graph.reach('test/unit/f.test.ts')].sort()).toEqual([
      'bin/child.ts',
      'bin/commands/one.ts',
      'bin/commands/two.ts',
      'bin/main.ts',
      'lib/config.ts',
      'lib/sql.ts',
      'test/unit/f.test.ts',
    ]);
  });

  it('finds who names a file that is no module, or was deleted, and says what no suite reaches', () => {
    expect(graph.suitesOf(['docs/deploy.md', 'docs/other.md', 'bin/other.ts'], suites)).toEqual({
      suites: ['test/unit/c.test.ts'],
      unreached: ['docs/other.md', 'bin/other.ts'],
    });
    expect(graph.suitesOf(['docs/c.ts'], suites).suites).toEqual([
      'test/unit/a.test.ts',
      'test/unit/b.test.ts',
    ]);
  });
});
