import { defineConfig } from 'vitest/config';
import { SummaryReporter } from './test/support/summary-reporter.ts';

/** Real parts, but nothing of it is a matter of milliseconds: two at a time. */
const patient = [
  'test/contracts/**/*.test.ts',
  ...['acl-fix', 'admin', 'audit', 'box', 'clients', 'config', 'doctor', 'forged-requests', 'hostile', 'init'],
  ...['secrets', 'signed-reads', 'systemd', 'how-tos', 'http2-hostile', 'tutorial'],
].map((name) => (name.includes('/') ? name : `test/acceptance/${name}.test.ts`));

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', new SummaryReporter()],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'patient',
          testTimeout: 60_000,
          include: patient,
          globalSetup: ['test/support/global-setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Daemons, disks and clocks: one file at a time.
        extends: true,
        test: {
          name: 'real',
          testTimeout: 60_000,
          include: ['test/**/*.test.ts'],
          exclude: ['test/unit/**', 'test/long/**', ...patient],
          globalSetup: ['test/support/global-setup.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
