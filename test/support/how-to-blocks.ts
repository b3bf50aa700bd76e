import { documentation, type Fenced, fencedBlocks } from './markdown.ts';

/** Commands of a how-to, with `sh tested` on their fence: a test runs them. */
export interface TestedBlocks {
  /** `copy-the-cold-rest`, say. */
  readonly page: string;
  readonly blocks: readonly Fenced[];
}

/** All that is said to be run by a test, page by page. */
export function testedBlocks(): TestedBlocks[] {
  return documentation()
    .map(({ name, text }) => ({
      page: name.replace(/^.*\/|\.md$/g, ''),
      blocks: fencedBlocks(text).filter(({ language, words }) => language === 'sh' && words[0] === 'tested'),
    }))
    .filter(({ blocks }) => blocks.length > 0);
}
