import type { TestProject } from 'vitest/node';
import { allLeftOut } from './left-out.ts';
import { type RgwAddress, startRgwDaemons } from './rgw-daemons.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The gateway all test files share; null where Ceph is not installed. */
    rgw: RgwAddress | null;
  }
}

/** Runs once before the first file that may speak to a real store; returns what runs after the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (allLeftOut().some(({ capability }) => capability === 'ceph')) {
    project.provide('rgw', null);
    return async () => {};
  }
  const { endpoint, accessKey, secretKey, region, dir, logFile, stop } = await startRgwDaemons();
  project.provide('rgw', { endpoint, accessKey, secretKey, region, dir, logFile });
  return stop;
}
