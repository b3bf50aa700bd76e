/** config/box.yaml as it stands, but for the directories of the containers, and ports of the system's choice. */
export function boxConfig(text: string, { root, stateDir }: { root: string; stateDir: string }): string {
  const words = { 'dir: /var/lib/upstairs': `dir: ${stateDir}`, 'root: /media': `root: ${root}` };
  return Object.entries(words)
    .reduce((changed, [from, to]) => {
      if (!changed.includes(from)) throw new Error(`the configuration of the box does not hold ${from}`);
      return changed.replace(from, to);
    }, text)
    .replaceAll(/listen: 0\.0\.0\.0:\d+/g, 'listen: 127.0.0.1:0')
    .concat('\ncopy:\n  minAge: 0ms\n');
}
