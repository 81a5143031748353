/** The documents that people read: their links resolve, their commands exist, and the README stays short. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const exclude = (name: string) => ['node_modules', '.git', '.cache', '.venv-training'].includes(name);
const pages = globSync('**/*.md', { cwd: root, exclude })
  .concat(globSync('.github/**/*.md', { cwd: root }))
  .filter((page, at, all) => all.indexOf(page) === at)
  .sort();

function read(page: string): string {
  return readFileSync(path.join(root, page), 'utf8');
}

/** Markdown without code blocks and code spans, in which brackets mean something else. */
function prose(page: string): string {
  return read(page)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]*`/g, '');
}

function codeSpans(page: string): string[] {
  return [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function anchorsOf(page: string): Set<string> {
  return new Set(
    [...read(page).matchAll(/^#+\s+(.+)$/gm)].map(([, heading = '']) => anchorOf(heading.replaceAll('`', ''))),
  );
}

function brokenLinks(page: string): string[] {
  const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^[a-z]+:/i.test(link))
    .filter((link) => {
      const [target = '', anchor] = link.split('#');
      const file = target === '' ? page : path.join(path.dirname(page), decodeURIComponent(target));
      if (!existsSync(path.join(root, file))) return true;
      return anchor !== undefined && file.endsWith('.md') && !anchorsOf(file).has(anchor);
    })
    .map((link) => `${page}: ${link}`);
}

describe('documents', () => {
  test('exist', () => expect(pages.length).toBeGreaterThan(20));

  test('have links to existing files and headings only', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([]);
  });

  test('name existing npm scripts only', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g)].map(([, script = '']) => ({ page, script })),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
  });

  test('include a README of at most 1,500 words', () => {
    expect(read('README.md').split(/\s+/).length).toBeLessThanOrEqual(1500);
  });

  test('list every page of docs/decisions', () => {
    const list = read('docs/decisions/README.md');
    const decisions = pages.filter((page) => /^docs\/decisions\/\d/.test(page)).map((page) => path.basename(page));
    expect(decisions.length).toBeGreaterThan(20);
    expect(decisions.filter((name) => !list.includes(`(${name})`))).toEqual([]);
  });

  test('name existing source files by path only', () => {
    const folders = 'src|commands|embedding-worker|local-discord|web|training|bench|scripts|test|docs';
    const named = pages.flatMap((page) =>
      codeSpans(page).flatMap((span) =>
        [...span.matchAll(new RegExp(`(?<![\\w./-])(?:${folders})/[\\w./-]+`, 'g'))].map(([file]) => ({ page, file })),
      ),
    );
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter(({ file }) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test('name existing source files by name only', () => {
    const names = new Set(
      globSync('**/*.{ts,tsx,mts,mjs,cjs,py,sh}', { cwd: root, exclude }).map((file) => path.basename(file)),
    );
    const named = pages.flatMap((page) =>
      codeSpans(page)
        .filter((span) => /^[\w-][\w.-]*\.(?:tsx?|mts|mjs|cjs|py|sh)$/.test(span))
        .map((file) => ({ page, file })),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ file }) => !names.has(file))).toEqual([]);
  });

  test('give each dependency a row with its reason in ARCHITECTURE.md', () => {
    const folders = ['', 'local-discord/', 'web/', 'milvus-sdk/'];
    const manifests = folders
      .map((folder) => `${folder}package.json`)
      .map((file) => JSON.parse(read(file)) as Record<string, Record<string, string>>);
    const named = manifests.flatMap(({ dependencies = {}, devDependencies = {} }) => [dependencies, devDependencies]);
    const installed = [...new Set(named.flatMap((packages) => Object.keys(packages)))];
    const [, section = ''] = read('ARCHITECTURE.md').split('\n## Dependencies\n');
    const explained = [...section.matchAll(/^\|([^|]*)\|\s*\S[^|]*\|$/gm)].flatMap(([, packages = '']) =>
      [...packages.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
    expect(installed.length).toBeGreaterThan(40);
    expect(explained.toSorted()).toEqual(installed.toSorted());
  });
});
