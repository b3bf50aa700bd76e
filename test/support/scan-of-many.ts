import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { promisify } from 'node:util';
import { baseConfig } from './base-config.ts';
import { runScan, type ScanSaid, scannerOf } from './run-scan.ts';
import { scratch } from './scratch.ts';

export interface ManyScanned {
  readonly first: ScanSaid;
  /** Once more, when nothing had changed. */
  readonly again: ScanSaid;
  /** Of the process that scans. */
  readonly peakBytes: number;
  readonly bytesPerFile: number;
  /** What find takes for the same, and a scan, in entries a second. */
  readonly findPerSecond: number;
  readonly scanPerSecond: number;
}

/** Attachments as Mastodon lays them out, each in directories of its own, and a tenth as many names in one directory. Empty files. */
const maker = `
  const fs = require('fs');
  const [root, count] = [process.argv[1], Number(process.argv[2])];
  const many = root + '/cache/many';
  fs.mkdirSync(many, { recursive: true });
  for (let n = 0; n < count / 10; n++) fs.writeFileSync(many + '/' + (n * 7919) % 1000003 + '-' + 'name'.repeat(8) + '.png', '');
  for (let n = 0, entries = count / 10; entries < count; n++, entries += 4) {
    const id = String(109412345678000000n + BigInt(n) * 7n).match(/.{3}/g).join('/');
    const dir = root + '/media_attachments/files/' + id + '/original';
    fs.mkdirSync(dir, { recursive: true });
    for (const ext of ['jpeg', 'mp4']) fs.writeFileSync(dir + '/' + (n * 2654435761).toString(16).padStart(16, '0').slice(-16) + '.' + ext, '');
  }`;

/** Makes a tree of so many entries, scans it with the real program and lists it with find. */
export async function scanMany(entries: number): Promise<ManyScanned> {
  const [root, stateDir] = [join(scratch('many'), 'system'), scratch('state')];
  mkdirSync(root);
  await promisify(execFile)(execPath, ['-e', maker, root, String(entries)]);
  const config = baseConfig({ endpoint: 'http://127.0.0.1:9', bucket: 'media', root, stateDir });
  let peakBytes = 0;
  const scanned = async () => {
    const { said, code, stderr } = await runScan(config, ['--json', '--rate', '1000000'], {
      started: (child) => {
        const timer = setInterval(() => {
          if (child.exitCode !== null || child.signalCode !== null) clearInterval(timer);
          else peakBytes = Math.max(peakBytes, peakOf(scannerOf(child)) ?? 0);
        }, 50);
      },
    });
    if (code !== 0) throw new Error(`the scan ended with ${code}: ${stderr}`);
    return said[0]!;
  };
  const first = await scanned();
  const bytesPerFile = statSync(join(stateDir, 'files.db')).size / first.files;
  const beganMs = performance.now();
  const find = spawn('find', ['.', '-printf', '%s %T@ %m %p\\0'], { cwd: root, stdio: 'ignore' });
  await once(find, 'exit');
  const findPerSecond = (first.entries * 1000) / (performance.now() - beganMs);
  const again = await scanned();
  return { first, again, peakBytes, bytesPerFile, findPerSecond, scanPerSecond: (first.entries * 1000) / first.ms };
}

export function told({ first, again, peakBytes, bytesPerFile, findPerSecond, scanPerSecond }: ManyScanned): string {
  return [
    `${first.entries} entries, ${first.files} files: ${Math.round(scanPerSecond)} entries/s, find ${Math.round(findPerSecond)}/s`,
    `again ${Math.round((again.entries * 1000) / again.ms)}/s; peak ${Math.round(peakBytes / 1e6)} MB; ${Math.round(bytesPerFile)} bytes a file`,
  ].join('; ');
}

/** The most memory that a process ever had; undefined: it has ended. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
