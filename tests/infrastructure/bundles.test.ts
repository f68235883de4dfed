import { expect, it } from 'vitest';
import { FUNCTION_ENTRIES } from '#lib/config/functions.ts';
import { bundleFunctions, bundleSizes } from '#lib/constructs/bundles.ts';
import { inTemporaryDirectory } from './synthesized.ts';

/** What a function has to load before its first event counts in every cold start. */
const LARGEST_BYTES = 700_000;

it('no function bundles more than 700 kB, all its modules counted', () => {
  const sizes = inTemporaryDirectory((directory) => {
    bundleFunctions(FUNCTION_ENTRIES, directory);
    return bundleSizes(directory);
  });
  expect(Object.keys(sizes).sort()).toEqual(Object.keys(FUNCTION_ENTRIES).sort());
  expect(Object.entries(sizes).filter(([, bytes]) => bytes >= LARGEST_BYTES)).toEqual([]);
});
