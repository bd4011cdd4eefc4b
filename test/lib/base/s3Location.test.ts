import { expect, it } from '@jest/globals';
import { overlap, readLocation } from '../../../lib/base/s3Location.ts';

it.each([
  { text: 's3://b/a/c/', location: { bucket: 'b', folder: 'a/c/' } },
  { text: 's3://b/a/c', location: { bucket: 'b', folder: 'a/c/' } },
  { text: 's3://b', location: { bucket: 'b', folder: '' } },
  { text: 's3://b/', location: { bucket: 'b', folder: '' } },
  { text: 's3://b//', location: undefined },
  { text: 's3:///a/', location: undefined },
  { text: 'https://b/a/', location: undefined },
  { text: 's3://b/a//c/', location: undefined },
  { text: 's3://b/../', location: undefined },
  { text: 's3://b/a/./', location: undefined },
  { text: 's3://b/.a/b..', location: { bucket: 'b', folder: '.a/b../' } },
  { text: 's3://b/a*/', location: undefined },
])('$text is read as a bucket and a folder, or is none', ({ text, location }) => {
  expect(readLocation(text)).toEqual(location);
});

it.each([
  { first: 's3://b/a/', second: 's3://b/a/c/', overlaps: true },
  { first: 's3://b/a/c/', second: 's3://b/a/', overlaps: true },
  { first: 's3://b', second: 's3://b/a/', overlaps: true },
  { first: 's3://b/a/', second: 's3://b/ab/', overlaps: false },
  { first: 's3://b/a/', second: 's3://c/a/', overlaps: false },
])('$first and $second overlap: $overlaps', ({ first, second, overlaps }) => {
  const none = { bucket: '', folder: '' };
  expect(overlap(readLocation(first) ?? none, readLocation(second) ?? none)).toBe(overlaps);
});
