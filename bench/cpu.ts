import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds that a process, its threads and its living descendants have used. The scheduler counts them in nanoseconds. */
export function cpuSeconds(pid: number): number {
  let seconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const dir = `/proc/${pid}/task/${task}`;
    seconds += Number(readFileSync(`${dir}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
    const children = readFileSync(`${dir}/children`, 'utf8').split(' ').filter(Boolean);
    for (const child of children) seconds += cpuSeconds(Number(child));
  }
  return seconds;
}
