import { execFileSync } from 'node:child_process';

/** The words of a command, as a real shell reads it. No program is found: what `$(…)` has are words. */
export function shellWords(command: string): readonly string[] {
  const printer = (name: string) => `${name}() { printf '%s\\0' ${name} "$@"; }`;
  const script = [printer('npx'), printer('aws'), command.replaceAll(/"\$\((.*?)\)"/g, '$1')].join('\n');
  const words = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: { PATH: '/none' } });
  return words.split('\0').slice(0, -1);
}

/** The words that `npx sluice` gets from a command. */
export function npxWords(command: string): readonly string[] {
  const [program, name, ...words] = shellWords(command);
  if (program !== 'npx' || name !== 'sluice') throw new Error(`No command of sluice: ${command}`);
  return words;
}
