// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless's own notation
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { namedInputs, withAbsoluteFiles } from '../../local/namedInputs.ts';

const root = import.meta.dirname;
const yml = `a: \${file(../shared.yml):memory}
b: \${file("./own.json"), 'none'}
c: \${file(namedInputs.\${opt:stage, 'dev'}.ts)}
d: \${file(/etc/absent.yml)} \${env:ONE}\${env:TWO, 'none'} \${env:ONE}
`;

describe('what serverless.yml names', () => {
  it('are files and variables, and each that a path with a variable may mean', () => {
    const { files, variables } = namedInputs(yml, root);
    const first = [join(root, '..', 'shared.yml'), join(root, 'own.json')];
    expect([files.slice(0, 2), files.at(-1)]).toEqual([first, '/etc/absent.yml']);
    expect(files).toContain(join(root, 'namedInputs.test.ts'));
    expect(variables).toEqual(['ONE', 'TWO']);
    expect(namedInputs('service: sluice', root)).toEqual({ files: [], variables: [] });
  });

  it('is found from another folder', () => {
    expect(withAbsoluteFiles(yml, '/home/acme')).toBe(`a: \${file(/home/shared.yml):memory}
b: \${file("/home/acme/own.json"), 'none'}
c: \${file(/home/acme/namedInputs.\${opt:stage, 'dev'}.ts)}
d: \${file(/etc/absent.yml)} \${env:ONE}\${env:TWO, 'none'} \${env:ONE}
`);
  });
});
