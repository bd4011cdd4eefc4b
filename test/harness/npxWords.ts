import { execFileSync } from 'node:child_process';

/** The words that `npx sluice` gets from a command, as a real shell reads it. No other program is found. */
export function npxWords(command: string): readonly string[] {
  const script = `npx() { printf '%s\\0' "$@"; }\n${command}`;
  const told = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', env: { PATH: '/none' } });
  const [name, ...words] = told.split('\0').slice(0, -1);
  if (name !== 'sluice') throw new Error(`No command of sluice: ${command}`);
  return words;
}
