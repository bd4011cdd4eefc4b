import { execFileSync } from 'node:child_process';
import { COMMAND_MS } from './runCommand.ts';

/** The words of commands, each as a real shell reads it. No program is found: what `$(…)` has are words. */
export function eachShellWords(commands: readonly string[]): readonly (readonly string[])[] {
  const printer = (name: string) => `${name}() { printf '\\1'; printf '%s\\0' ${name} "$@"; }`;
  const lines = commands.map((command) => command.replaceAll(/"\$\((.*?)\)"/g, '$1'));
  const input = [printer('npx'), printer('aws'), ...lines].join('\n');
  const printed = execFileSync('/bin/sh', {
    encoding: 'utf8',
    env: { PATH: '/none' },
    input,
    timeout: COMMAND_MS,
  });
  return printed
    .split('\x01')
    .slice(1)
    .map((words) => words.split('\0').slice(0, -1));
}

/** {@link eachShellWords} of one command. */
export const shellWords = (command: string): readonly string[] => eachShellWords([command]).flat();

/** The words that `npx sluice` gets from each of some commands. */
export function eachNpxWords(commands: readonly string[]): readonly (readonly string[])[] {
  const read = eachShellWords(commands);
  const isOther = ([program, name]: readonly string[]) => program !== 'npx' || name !== 'sluice';
  if (read.length !== commands.length || read.some(isOther))
    throw new Error(`Not each is a command of sluice: ${commands.join('\n')}`);
  return read.map((words) => words.slice(2));
}

/** {@link eachNpxWords} of one command. */
export const npxWords = (command: string): readonly string[] => eachNpxWords([command]).flat();
